-- A volatile function is called for every row, and may answer differently each time.
select
  'volatile_function' as lint,
  'warning' as severity,
  f.table_name as object,
  format('policy %s calls %s, which is volatile', f.name, p.oid::regprocedure) as detail,
  tenancy.policy_remedy(f.table_name, f.name) || ' /* or make the function stable, and call it in (select ...) */' as remedy
from tenancy.policy_functions f
join pg_proc p on p.oid = f.function_oid
where p.provolatile = 'v'
