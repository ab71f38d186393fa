-- What the installer made is as it left it, also where isolation does not rest on it: columns, checks, indexes, replica identities,
-- sequences, statistics, rules, types, and event triggers beside the gate.
select
  'changed_by_hand' as lint,
  'warning' as severity,
  d.object,
  d.detail,
  tenancy.drift_remedy(d.kind, d.object, d.part, d.now, d.installed) as remedy
from tenancy.drift('{column,check,index,identity,sequence,statistics,rule,type,event trigger}') d
