-- SET NULL without its column list would null the tenant's column too, and the parent's deletion fails.
select
  'fk_set_null_without_columns' as lint,
  'error' as severity,
  r.child_name as object,
  format('%s sets %I to null', r.name, r.tenant_column) as detail,
  tenancy.tenant_paired(r.oid) as remedy
from tenancy.tenant_references r
where r.carried
  and (r.on_delete in ('n', 'd') and (r.set_columns is null or r.customer_column = any (r.set_columns)) or r.on_update in ('n', 'd'))
