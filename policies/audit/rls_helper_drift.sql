-- The functions of our schemas are as portal migrate left them: body, owner, rights, settings.
select
  'rls_helper_drift' as lint,
  'error' as severity,
  d.object,
  d.detail,
  tenancy.drift_remedy(d.kind, d.object, d.part, d.now, d.installed) as remedy
from tenancy.drift('{function}') d
