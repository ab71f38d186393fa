-- Tables, policies, grants, keys and triggers are as portal migrate left them. This sees every change by
-- hand, also one that no other lint has a name for.
select
  'policy_drift' as lint,
  'error' as severity,
  d.object,
  d.detail,
  'run portal migrate, which puts it back; what should stay belongs into policies/' as remedy
from tenancy.drift('{table,policy,grant,key,trigger,view}') d
