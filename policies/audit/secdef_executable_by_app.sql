-- A definer function that a role may call which is not registered to: it acts with another one's rights.
select
  'secdef_executable_by_app' as lint,
  case when a.canonical then 'error' else 'warning' end as severity,
  f.signature as object,
  format('%s may execute it', string_agg(w.name, ', ' order by w.name)) as detail,
  format('revoke execute on routine %s from public, %s', f.signature, string_agg(w.name, ', ' order by w.name)) as remedy
from tenancy.written_functions f
cross join tenancy.walled_roles w
cross join tenancy.audited a
where f.definer
  and has_function_privilege(w.oid, f.oid, 'EXECUTE')
  and not (f.schema = 'tenancy' and exists (
    select from tenancy.definer_functions d where d.name = f.name and w.name = any (d.callers)))
group by f.signature, a.canonical
