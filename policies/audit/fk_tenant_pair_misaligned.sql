-- customer_id is among the columns, but compared with another column of the parent.
select
  'fk_tenant_pair_misaligned' as lint,
  'error' as severity,
  r.child_name as object,
  format('%s compares %I with another column of %s', r.name, r.tenant_column, r.parent_name) as detail,
  tenancy.tenant_paired(r.oid) as remedy
from tenancy.tenant_references r
where not r.paired
  and r.carried
