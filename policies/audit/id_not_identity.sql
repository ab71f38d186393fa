-- Ids come from one sequence for all customers, so that a foreign id is an absent id; an id that may be
-- written is one that may be guessed at.
select
  'id_not_identity' as lint,
  'warning' as severity,
  t.name as object,
  'id is not generated always as identity' as detail,
  'alter table ' || t.name || ' alter id add generated always as identity' as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attname = 'id' and not a.attisdropped
where a.attidentity <> 'a'
  and a.atttypid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
