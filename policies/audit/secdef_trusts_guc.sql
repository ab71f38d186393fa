-- A definer function that goes by the settings of its caller: a role of the API may have set them.
select
  'secdef_trusts_guc' as lint,
  case when a.canonical then 'error' else 'warning' end as severity,
  f.signature as object,
  'decides by the settings of its caller' as detail,
  format('alter routine %s security invoker', f.signature) || case when a.canonical then ' /* or decide by rows, as tenancy.enter does, or give the reason in tenancy.definer_functions */' else ' /* or decide by rows that the caller could not write */' end as remedy
from tenancy.written_functions f
cross join tenancy.audited a
where f.definer
  and f.body ~* ('(current_setting\(|\m(' || a.reader_names || ')\(\))')
  and not (f.schema = 'tenancy' and exists (
    select from tenancy.definer_functions d where d.name = f.name and d.reads_context is not null))
