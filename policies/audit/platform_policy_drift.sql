-- The policies of platform are exactly those registered.
select
  'platform_policy_drift' as lint,
  'error' as severity,
  coalesce(have.object, want.object) as object,
  format('have: %s; registered: %s', coalesce(have.policy, 'none'), coalesce(want.policy, 'none')) as detail,
  'run portal migrate' as remedy
from (
  select
    p.polrelid::regclass::text as object,
    p.polname || ' to ' || array_to_string(array(select r::regrole::text from unnest(p.polroles) as r), ',')
      || ' using ' || coalesce(pg_get_expr(p.polqual, p.polrelid), 'nothing')
      || ' check ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'nothing') as policy
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
  where c.relnamespace = 'platform'::regnamespace
) as have
full join (
  select
    'platform.' || a.table_name as object,
    a.role || '_' || a.rows || ' to ' || a.role
      || ' using ' || case a.rows when 'own' then tenancy.wall() else 'true' end
      || ' check ' || case a.rows when 'own' then tenancy.wall() else 'true' end as policy
  from tenancy.platform_access a
) as want on (have.object, have.policy) = (want.object, want.policy)
where have.object is null
  or want.object is null
