-- A function with the row's columns as arguments is called for every row; if it reads the context inside,
-- no (select ...) outside helps.
select
  'function_body_unwrapped' as lint,
  'warning' as severity,
  p.table_name as object,
  format('policy %s calls %s for every row, which reads the context', p.name, f.signature) as detail,
  tenancy.policy_remedy(p.table_name, p.name) || ' /* or write in the policy itself, as an index can use it: ' || s.wall || ' */' as remedy
from tenancy.policy_functions p
join tenancy.written_functions f on f.oid = p.function_oid
join pg_proc a on a.oid = f.oid
cross join tenancy.audited s
where a.pronargs > 0
  and f.body ~* ('(current_setting|(' || s.reader_names || ')\(\))')
