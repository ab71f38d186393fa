-- CVE-2024-4317: a cluster made before the fix still shows statistics of expressions to everybody.
select
  'pg_stats_ext_legacy' as lint,
  'warning' as severity,
  'pg_catalog.' || c.relname as object,
  'does not ask whether the reader owns the table' as detail,
  'no statement does: run fix-CVE-2024-4317.sql of PostgreSQL''s share directory in every database' as remedy
from pg_class c
where c.oid in (to_regclass('pg_catalog.pg_stats_ext'), to_regclass('pg_catalog.pg_stats_ext_exprs'))
  and pg_get_viewdef(c.oid) !~ 'pg_has_role'
