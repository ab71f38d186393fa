-- Where the customer is null, PostgreSQL does not look at the whole foreign key.
select
  'fk_match_simple_nullable' as lint,
  'error' as severity,
  r.child_name as object,
  format('%s is not checked where %I is null', r.name, r.tenant_column) as detail,
  format('alter table %s alter %I set not null', r.child_name, r.tenant_column) as remedy
from tenancy.tenant_references r
where r.child_oid in (select t.oid from tenancy.tenant_tables t)
  and r.carried
  and r.width > 1
  and r.match_type = 's'
  and not r.customer_not_null
