-- Tables, grants, keys, triggers and views are as portal migrate left them. This sees every change by hand of what
-- isolation rests on, also one that no other lint has a name for; of policies door_drift and platform_policy_drift tell.
select
  'policy_drift' as lint,
  'error' as severity,
  d.object,
  d.detail,
  tenancy.drift_remedy(d.kind, d.object, d.part, d.now, d.installed) as remedy
from tenancy.drift('{table,grant,key,trigger,view}') d
