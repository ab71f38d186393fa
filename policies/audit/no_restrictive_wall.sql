-- The wall is the policy that no other one can widen: restrictive, to everyone, for every command, and
-- nothing but the entered customer. Elsewhere permissive policies that all compare it will do.
select
  'no_restrictive_wall' as lint,
  'error' as severity,
  t.name as object,
  'no restrictive policy to everyone compares every command with the entered tenant' as detail,
  case when a.canonical then 'run portal migrate, which installs the wall' else format('create policy wall on %s as restrictive using %s', t.name, a.wall) end as remedy
from tenancy.tenant_tables t
cross join tenancy.audited a
where t.oid not in (select w.table_oid from tenancy.walls w)
  and (a.canonical or exists (
    select
    from tenancy.policies p
    where p.table_oid = t.oid
      and p.permissive
      and not (coalesce(p.using_holds, true) and coalesce(p.check_holds, true))))
