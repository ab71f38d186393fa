-- The policies of portal beside its walls are exactly those registered: a door for portal_app and portal_worker, one for portal_mover,
-- one for portal_inspector, those of tenancy.narrow_doors and tenancy.other_doors, and the bars before them, those of tenancy.bars.
-- What such a policy does the other lints say.
select
  'door_drift' as lint,
  'error' as severity,
  d.table_name as object,
  d.difference as detail,
  tenancy.policy_remedy(d.table_name, d.name) as remedy
from tenancy.policy_differences d
where d.table_name ~ '^portal\.'
  and d.name <> 'wall'
