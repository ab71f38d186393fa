-- A definer function lends its owner's rights. Those of ours are registered.
select
  'secdef_function' as lint,
  'warning' as severity,
  f.signature as object,
  'runs as ' || f.owner::regrole || ', and tenancy.definer_functions does not name it' as detail,
  format('alter function %s security invoker, or register it in policies/after/15_registers.sql', f.signature) as remedy
from tenancy.written_functions f
where f.definer
  and not (f.schema = 'tenancy' and exists (select from tenancy.definer_functions d where d.name = f.name))
