-- A function that runs statements in its caller's name: from an expression it sets the context.
select
  'statement_runner' as lint,
  'error' as severity,
  s.oid::regprocedure::text as object,
  format('%s, and %s may execute it', s.danger, string_agg(r.rolname, ', ' order by r.rolname)) as detail,
  format('revoke execute on function %s from public, %s', s.oid::regprocedure, string_agg(r.rolname, ', ' order by r.rolname)) as remedy
from tenancy.statement_runners s
cross join tenancy.audited a
join pg_roles r on has_function_privilege(r.oid, s.oid, 'execute') and has_schema_privilege(r.oid, s.schema, 'usage')
where r.rolname = any (a.servers)
group by s.oid, s.danger
