-- Ids come from one sequence for all customers, so that a foreign id is an absent id; an id that may be
-- written is one that may be guessed at.
select
  'id_not_identity' as lint,
  'warning' as severity,
  t.name as object,
  'id is not generated always as identity' as detail,
  case a.attidentity
    when 'd' then format('alter table %s alter id set generated always', t.name)
    else case when not a.attnotnull then format('alter table %s alter id set not null; ', t.name) else '' end
      || format('alter table %1$s alter id add generated always as identity; select setval(pg_get_serial_sequence(%1$L, ''id''), coalesce(max(id), 0) + 1, false) from %1$s', t.name)
  end as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attname = 'id' and not a.attisdropped
where a.attidentity <> 'a'
  and a.atttypid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
