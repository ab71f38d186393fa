-- A table in schema portal that nobody but its owner can reach. It leaks nothing, and portal migrate will refuse it or
-- wall it.
select
  'stray_table' as lint,
  'warning' as severity,
  s.name as object,
  'nobody but its owner can reach it' as detail,
  format('drop table %s /* or make it by a migration */', s.name) as remedy
from tenancy.stray_tables s
