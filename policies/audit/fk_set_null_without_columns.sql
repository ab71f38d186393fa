-- SET NULL without its column list would null customer_id too, and the parent's deletion fails.
select
  'fk_set_null_without_columns' as lint,
  'error' as severity,
  k.conrelid::regclass::text as object,
  format('%s sets customer_id to null', k.conname) as detail,
  'on delete set null (the other column)' as remedy
from pg_constraint k
join tenancy.tenant_tables t on t.oid = k.conrelid
join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'customer_id'
where k.contype = 'f'
  and k.confdeltype = 'n'
  and (k.confdelsetcols is null or a.attnum = any (k.confdelsetcols))
  and a.attnum = any (k.conkey)
