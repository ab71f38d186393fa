-- A function in an untrusted language reads files and memory.
select
  'untrusted_language' as lint,
  'error' as severity,
  f.signature as object,
  format('is written in %s, and %s may execute it', l.lanname, string_agg(w.name, ', ' order by w.name)) as detail,
  format('revoke execute on routine %s from public, %s', f.signature, string_agg(w.name, ', ' order by w.name)) as remedy
from tenancy.written_functions f
join pg_language l on l.oid = f.language and not l.lanpltrusted
cross join tenancy.walled_roles w
where has_function_privilege(w.oid, f.oid, 'EXECUTE')
group by f.signature, l.lanname
