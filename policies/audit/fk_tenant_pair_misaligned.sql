-- customer_id is among the columns, but compared with another column of the parent.
select
  'fk_tenant_pair_misaligned' as lint,
  'error' as severity,
  r.child_name as object,
  format('%s compares customer_id with another column of %s', r.name, r.parent_name) as detail,
  'write the columns of both sides in the same order, customer_id first' as remedy
from tenancy.tenant_references r
where not r.paired
  and r.carried
