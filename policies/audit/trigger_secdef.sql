-- A trigger runs for whoever writes, with the rights of its function's owner.
select
  'trigger_secdef' as lint,
  'warning' as severity,
  t.name as object,
  format('trigger %s calls %s as %s', g.tgname, f.signature, f.owner::regrole) as detail,
  format('alter routine %s security invoker', f.signature) || case when a.canonical then ' /* or register it in tenancy.definer_functions */' else '' end as remedy
from pg_trigger g
join tenancy.our_tables t on t.oid = g.tgrelid
join tenancy.written_functions f on f.oid = g.tgfoid
cross join tenancy.audited a
where not g.tgisinternal
  and f.definer
  and not (f.schema = 'tenancy' and exists (select from tenancy.definer_functions d where d.name = f.name))
