-- Reads only the own customer's rows, and may write rows of others.
select
  'with_check_weaker_than_using' as lint,
  'error' as severity,
  p.table_name as object,
  format('policy %s uses %s, and checks only %s', p.name, p.using_expr, p.check_expr) as detail,
  tenancy.policy_remedy(p.table_name, p.name) || ' /* or take WITH CHECK away, or begin it with ' || a.wall || ' */' as remedy
from tenancy.policies p
cross join tenancy.audited a
where p.using_holds
  and not p.check_holds
