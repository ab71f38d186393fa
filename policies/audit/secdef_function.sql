-- A definer function lends its owner's rights. Those of ours are registered; of one that somebody may call and whose body is a
-- string, body_unknown says it.
select
  'secdef_function' as lint,
  'warning' as severity,
  f.signature as object,
  'runs as ' || f.owner::regrole || case when a.canonical then ', and tenancy.definer_functions does not name it' else '' end as detail,
  format('alter routine %s security invoker', f.signature) || case when a.canonical then ' /* or register it in policies/after/15_registers.sql */' else '' end as remedy
from tenancy.written_functions f
cross join tenancy.audited a
where f.definer
  and not (f.schema = 'tenancy' and exists (select from tenancy.definer_functions d where d.name = f.name))
  and f.signature not in (select r.through from tenancy.reach r where r.how = 'function' and not r.certain)
