-- setval on a sequence of all customers makes every insertion fail; its value tells how many there are.
select
  'sequence_granted_update' as lint,
  'warning' as severity,
  format('%I.%I', n.nspname, c.relname) as object,
  format('%s has %s on it', w.name, string_agg(p.privilege, ', ')) as detail,
  format('revoke %s on sequence %I.%I from public, %I', string_agg(lower(p.privilege), ', '), n.nspname, c.relname, w.name) as remedy
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join tenancy.walled_roles w
cross join (values ('USAGE'), ('SELECT'), ('UPDATE')) as p (privilege)
where c.relkind = 'S'
  and n.nspname in ('portal', 'platform', 'jobs', 'tenancy')
  -- The queue takes its numbers from sequences that its workers may use.
  and (n.nspname <> 'jobs' or p.privilege = 'UPDATE')
  and has_sequence_privilege(w.oid, c.oid, p.privilege)
group by n.nspname, c.relname, w.name
