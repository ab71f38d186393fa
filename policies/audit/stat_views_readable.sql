-- Statements of other sessions hold other customers' values.
select
  'stat_views_readable' as lint,
  'warning' as severity,
  format('%I.%I', n.nspname, c.relname) as object,
  format('%s may read it', string_agg(w.name, ', ' order by w.name)) as detail,
  format('revoke select on %I.%I from public, %s', n.nspname, c.relname, string_agg(w.name, ', ' order by w.name)) as remedy
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join tenancy.walled_roles w
where c.relname in ('pg_stat_statements', 'pg_stat_monitor', 'pg_qualstats', 'pg_wait_sampling_history')
  and c.relkind in ('v', 'f', 'r')
  and has_table_privilege(w.oid, c.oid, 'SELECT')
group by n.nspname, c.relname
