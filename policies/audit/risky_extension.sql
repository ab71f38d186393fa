-- Extensions that read pages, files or other servers past row security.
select
  'risky_extension' as lint,
  'warning' as severity,
  e.extname::text as object,
  'reads past row security' as detail,
  format('drop extension %I', e.extname) as remedy
from pg_extension e
where e.extname in ('adminpack', 'amcheck', 'dblink', 'file_fdw', 'lo', 'pageinspect', 'pg_buffercache', 'pg_surgery',
  'pg_visibility', 'pg_walinspect', 'pgrowlocks', 'pgstattuple', 'postgres_fdw', 'xml2')
