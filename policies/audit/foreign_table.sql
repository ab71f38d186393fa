-- A foreign table has no row security, and a mapping lends another server's password.
select
  'foreign_table' as lint,
  'error' as severity,
  format('%I.%I', n.nspname, c.relname) as object,
  'is a foreign table in our schemas or in reach of the API' as detail,
  format('drop foreign table %I.%I', n.nspname, c.relname) as remedy
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join tenancy.audited a
where c.relkind = 'f'
  and (n.nspname = any (a.schemas)
    or exists (select from tenancy.walled_roles w where has_any_column_privilege(w.oid, c.oid, 'SELECT, INSERT, UPDATE')))
union all
select
  'foreign_table',
  'error',
  coalesce(w.name, 'public'),
  format('is mapped to a user of the foreign server %s', m.srvname),
  format('drop user mapping for %s server %I', coalesce(quote_ident(w.name), 'public'), m.srvname)
from pg_user_mappings m
left join tenancy.walled_roles w on w.oid = m.umuser
where m.umuser = 0
  or w.oid is not null
