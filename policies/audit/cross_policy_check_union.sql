-- Permissive policies are OR'ed: beside a policy with the customer, one without it undoes it.
select
  'cross_policy_check_union' as lint,
  'error' as severity,
  mine.table_name as object,
  format('policy %s names the tenant, and %s, for the same role and command, does not', mine.name, other.name) as detail,
  tenancy.policy_remedy(other.table_name, other.name) as remedy
from tenancy.policies mine
join tenancy.policies other on other.table_oid = mine.table_oid and other.oid <> mine.oid
where mine.permissive
  and other.permissive
  and mine.roles && other.roles
  and (mine.command = other.command or mine.command = '*' or other.command = '*')
  and mine.command <> 'r'
  and other.command <> 'r'
  and coalesce(mine.check_holds, mine.using_holds)
  and not coalesce(other.check_holds, other.using_holds, false)
  and not exists (select from tenancy.walls w where w.table_oid = mine.table_oid)
