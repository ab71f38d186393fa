-- A wall that compares with anything else than the entered customer.
select
  'wall_not_canonical' as lint,
  'error' as severity,
  t.name as object,
  format('policy %s uses %s, checks %s', p.polname, pg_get_expr(p.polqual, p.polrelid),
    coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'nothing')) as detail,
  'run portal migrate, which installs ' || tenancy.wall() as remedy
from tenancy.tenant_tables t
join pg_policy p on p.polrelid = t.oid
where p.polname = 'wall'
  and (pg_get_expr(p.polqual, p.polrelid) is distinct from tenancy.wall()
    or pg_get_expr(p.polwithcheck, p.polrelid) is distinct from tenancy.wall())
