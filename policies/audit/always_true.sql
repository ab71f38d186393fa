-- A policy that lets everything through. Behind a wall it lets in every row of the customer; in a wall,
-- or where there is none, every row of everybody.
select
  'always_true' as lint,
  case when e.permissive and e.table_oid in (select w.table_oid from tenancy.walls w) then 'warning' else 'error' end as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  'compare with ' || tenancy.wall() as remedy
from tenancy.policy_expressions e
where tenancy.always_true(e.expression)
  and not exists (
    select from tenancy.platform_access a
    where a.rows = 'all' and (a.schema || '.' || a.table_name, a.role || '_all') = (e.table_name, e.name))
