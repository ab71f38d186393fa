-- A disabled trigger: of a foreign key, so that rows may point anywhere, or of ours.
select
  'fk_trigger_disabled' as lint,
  'error' as severity,
  t.name as object,
  coalesce('foreign key ' || k.conname, 'trigger ' || g.tgname) || ' is disabled' as detail,
  'alter table ' || t.name || ' enable trigger all' as remedy
from pg_trigger g
join tenancy.our_tables t on t.oid = g.tgrelid
left join pg_constraint k on k.oid = g.tgconstraint
where g.tgenabled not in ('O', 'A')
