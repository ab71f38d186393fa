-- The policies of platform and of jobs are exactly those registered.
select
  'platform_policy_drift' as lint,
  'error' as severity,
  d.table_name as object,
  d.difference as detail,
  tenancy.policy_remedy(d.table_name, d.name) as remedy
from tenancy.policy_differences d
where d.table_name ~ '^(platform|jobs)\.'
