-- A policy that reads its own table: every query ends in "infinite recursion".
select
  'policy_recursion' as lint,
  'error' as severity,
  e.table_name as object,
  format('policy %s (%s) reads the table that it protects', e.name, e.clause) as detail,
  tenancy.policy_remedy(e.table_name, e.name) as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
where x.tree like '%:relid %'
  and position(format(':relid %s ', e.table_oid) in x.tree) > 0
