-- A wall that compares with anything else than the entered customer.
select
  'wall_not_canonical' as lint,
  'error' as severity,
  p.table_name as object,
  format('policy wall uses %s, checks %s', coalesce(p.using_expr, 'nothing'), coalesce(p.check_expr, 'nothing')) as detail,
  'run portal migrate, which installs ' || tenancy.wall() as remedy
from tenancy.policies p
where p.schema = 'portal'
  and p.name = 'wall'
  and (p.using_expr is distinct from tenancy.wall() or p.check_expr is distinct from tenancy.wall())
