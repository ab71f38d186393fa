-- A foreign key is checked past row security: unless it carries the customer, it can point into another
-- customer, and tells which ids exist there.
select
  'fk_without_tenant' as lint,
  'error' as severity,
  r.child_name as object,
  format('%s references %s without customer_id', r.name, r.parent_name) as detail,
  'foreign key (customer_id, ...) references ... (customer_id, ...)' as remedy
from tenancy.tenant_references r
where not r.paired
  and not r.carried
