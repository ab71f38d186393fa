-- The functions of tenancy are as portal migrate left them: body, owner, rights, settings.
select
  'rls_helper_drift' as lint,
  'error' as severity,
  d.object,
  d.detail,
  'run portal migrate' as remedy
from tenancy.drift('{function}') d
