-- A policy that reads its own table: every query ends in "infinite recursion".
select
  'policy_recursion' as lint,
  'error' as severity,
  e.table_name as object,
  format('policy %s (%s) reads the table that it protects', e.name, e.clause) as detail,
  format('drop policy %I on %s', e.name, e.table_name) as remedy
from tenancy.policy_expressions e
where e.tree ~ (':relid ' || e.table_oid || '\M')
