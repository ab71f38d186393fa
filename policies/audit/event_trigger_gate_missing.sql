-- The gate closes new tables at once and refuses what takes isolation away. Without it only the audit,
-- afterwards, sees what somebody changed by hand.
select
  'event_trigger_gate_missing' as lint,
  'warning' as severity,
  w.name as object,
  case
    when e.oid is null then 'there is no such event trigger' || case when i.by_superuser then '' else ': only a superuser can make it' end
    when e.evtenabled not in ('O', 'A') then 'does not fire'
    when e.evtfoid is distinct from to_regproc(w.function) or e.evtevent <> w.event then 'is not the gate'
    when e.evttags is not null then 'fires for ' || array_to_string(e.evttags, ', ') || ' only'
    else 'its function belongs to ' || f.proowner::regrole || ', who can rewrite what superusers run'
  end as detail,
  'run portal migrate as a superuser' as remedy
from (values
  ('portal_gate_change', 'ddl_command_end', 'tenancy.gate_change'),
  ('portal_gate_drop',   'sql_drop',        'tenancy.gate_drop')
) as w (name, event, function)
cross join tenancy.installation i
left join pg_event_trigger e on e.evtname = w.name
left join pg_proc f on f.oid = e.evtfoid
left join pg_roles o on o.oid = f.proowner
where e.oid is null
  or e.evtenabled not in ('O', 'A')
  or e.evtfoid is distinct from to_regproc(w.function)
  or e.evtevent <> w.event
  or e.evttags is not null
  or not o.rolsuper
union all
select
  'event_trigger_gate_missing',
  'warning',
  d.setrole::regrole::text,
  'starts every session past the gate',
  format('alter role %s %sreset tenancy.installing', d.setrole::regrole,
    (select format('in database %I ', b.datname) from pg_database b where b.oid = d.setdatabase))
from pg_db_role_setting d
join pg_roles r on r.oid = d.setrole and r.rolsuper
cross join unnest(d.setconfig) as c
where c ~* '^tenancy\.installing='
