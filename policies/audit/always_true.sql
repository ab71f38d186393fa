-- A policy that lets everything through. Behind a wall it lets in every row of the customer; in a wall,
-- or where there is none, every row of everybody.
select
  'always_true' as lint,
  case when e.permissive and e.table_oid in (select w.table_oid from tenancy.walls w) then 'warning' else 'error' end as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  'compare with ' || a.wall as remedy
from tenancy.policy_expressions e
cross join tenancy.audited a
where tenancy.always_true(e.expression)
  and not exists (
    select from tenancy.platform_access p
    where p.rows = 'all' and (p.schema || '.' || p.table_name, p.role || '_all') = (e.table_name, e.name))
