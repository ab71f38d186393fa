-- The doors of portal are exactly those registered: one for portal_app and portal_worker, one for portal_mover, one for
-- portal_inspector, those of tenancy.narrow_doors and tenancy.other_doors. So are the bars before them, those of tenancy.bars.
select
  'door_drift' as lint,
  'error' as severity,
  d.table_name as object,
  d.difference as detail,
  tenancy.policy_remedy(d.table_name, d.name) as remedy
from tenancy.policy_differences d
where d.table_name ~ '^portal\.'
  and d.name <> 'wall'
  and (d.permissive or d.name in (select b.name from tenancy.bars b))
