-- A foreign key that was added NOT VALID holds for new rows only.
select
  'fk_not_validated' as lint,
  'warning' as severity,
  t.name as object,
  format('%s was never validated', k.conname) as detail,
  format('alter table %s validate constraint %I', t.name, k.conname) as remedy
from pg_constraint k
join tenancy.our_tables t on t.oid = k.conrelid
where k.contype = 'f'
  and not k.convalidated
