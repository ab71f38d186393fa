-- A table that is neither a customer's nor registered: of platform or jobs without registered access, of tenancy
-- without a reason, or of another schema and reachable by the API; or one that looks like a copy of a customer's rows, with
-- customer_id or all columns of a tenant table, and somebody may read it.
select
  'unregistered_table' as lint,
  'error' as severity,
  c.name as object,
  case
    when c.schema in ('platform', 'jobs') then 'tenancy.platform_access does not name it'
    when c.schema = 'tenancy' then 'tenancy.global_tables does not name it'
    when c.is_ours then 'is in reach of the API, outside of our schemas, and tenancy.global_tables does not name it'
    else format('has the columns of a tenant table, no wall, and %s may read it', c.readers)
  end as detail,
  case
    when c.schema in ('platform', 'jobs', 'tenancy') then 'no statement does: register it in policies/after/15_registers.sql with its reason, or move it to schema portal'
    else format('revoke all on %s from public, %s /* or register it in policies/after/15_registers.sql with its reason */', c.name,
      case when c.is_ours then (select string_agg(r.name, ', ' order by r.name) from tenancy.walled_roles r) else c.readers end)
  end as remedy
from (
  select
    k.oid,
    format('%I.%I', n.nspname, k.relname) as name,
    n.nspname as schema,
    exists (
      select from tenancy.walled_roles r
      where n.nspname not in ('pg_catalog', 'information_schema')
        and has_schema_privilege(r.oid, n.oid, 'USAGE')
        and (has_any_column_privilege(r.oid, k.oid, 'SELECT, INSERT, UPDATE') or has_table_privilege(r.oid, k.oid, 'DELETE'))) as is_ours,
    case when (k.relacl is not null or exists (select from pg_attribute a where a.attrelid = k.oid and a.attacl is not null))
      and not (k.relrowsecurity and k.relforcerowsecurity)
      and exists (
        select
        from (select array_agg(a.attname order by a.attname) as columns from pg_attribute a where a.attrelid = k.oid and a.attnum > 0 and not a.attisdropped) as its
        where 'customer_id' = any (its.columns)
          or its.columns in (
            select array_agg(a.attname order by a.attname)
            from tenancy.tenant_tables t
            join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
            group by t.oid))
      then (
        select string_agg(quote_ident(r.rolname), ', ' order by r.rolname)
        from pg_roles r
        where not r.rolsuper
          and r.rolname !~ '^pg_'
          and not pg_has_role(r.oid, k.relowner, 'USAGE')
          and has_schema_privilege(r.oid, n.oid, 'USAGE')
          and has_any_column_privilege(r.oid, k.oid, 'SELECT'))
    end as readers
  from pg_class k
  join pg_namespace n on n.oid = k.relnamespace
  where k.relkind in ('r', 'p', 'm')
    and k.oid >= 16384
    and n.nspname <> 'portal'
    and n.nspname !~ '^pg_(toast|temp)'
    and not exists (select from tenancy.global_tables g where g.table_name = format('%I.%I', n.nspname, k.relname))
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = k.oid and d.deptype = 'e')
) as c
where case c.schema
    when 'platform' then not exists (select from tenancy.platform_access a where a.schema || '.' || a.table_name = c.name)
    when 'jobs' then not exists (select from tenancy.platform_access a where a.schema || '.' || a.table_name = c.name)
    when 'tenancy' then true
    else c.is_ours or c.readers is not null
  end
