-- A foreign key is checked past row security: unless it carries the customer, it can point into another
-- customer, and tells which ids exist there.
select
  'fk_without_tenant' as lint,
  'error' as severity,
  r.child_name as object,
  format('%s references %s without %I', r.name, r.parent_name, r.tenant_column) as detail,
  tenancy.tenant_paired(r.oid) as remedy
from tenancy.tenant_references r
where not r.paired
  and not r.carried
