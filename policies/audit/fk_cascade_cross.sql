-- One customer deletes or renumbers a row of its own, and rows of another one go with it.
select
  'fk_cascade_cross' as lint,
  'error' as severity,
  r.child_name as object,
  format('%s changes rows here when a row of %s goes, whosever it is', r.name, r.parent_name) as detail,
  tenancy.tenant_paired(r.oid) as remedy
from tenancy.tenant_references r
where not r.paired
  and (r.on_delete in ('c', 'n', 'd') or r.on_update in ('c', 'n', 'd'))
