-- A table that is neither a customer's nor registered: of platform or jobs without registered access, of tenancy
-- without a reason, or of another schema and reachable by the API.
select
  'unregistered_table' as lint,
  'error' as severity,
  format('%I.%I', n.nspname, c.relname) as object,
  case
    when n.nspname in ('platform', 'jobs') then 'tenancy.platform_access does not name it'
    when n.nspname = 'tenancy' then 'tenancy.global_tables does not name it'
    else 'is in reach of the API, outside of our schemas, and tenancy.global_tables does not name it'
  end as detail,
  case
    when n.nspname in ('platform', 'jobs', 'tenancy') then 'no statement does: register it in policies/after/15_registers.sql with its reason, or move it to schema portal'
    else format('revoke all on %I.%I from public, %s /* or register it in policies/after/15_registers.sql with its reason */', n.nspname, c.relname,
      (select string_agg(r.name, ', ' order by r.name) from tenancy.walled_roles r))
  end as remedy
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm')
  and n.nspname <> 'portal'
  and n.nspname <> 'information_schema'
  and n.nspname !~ '^pg_'
  and not exists (select from tenancy.global_tables g where g.table_name = format('%I.%I', n.nspname, c.relname))
  and case
    when n.nspname in ('platform', 'jobs') then not exists (select from tenancy.platform_access a where (a.schema, a.table_name) = (n.nspname, c.relname))
    when n.nspname = 'tenancy' then true
    else exists (
      select from tenancy.walled_roles r
      where has_schema_privilege(r.oid, n.oid, 'USAGE')
        and (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE') or has_table_privilege(r.oid, c.oid, 'DELETE')))
  end
