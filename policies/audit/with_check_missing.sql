-- A policy for writing with nothing to check: PostgreSQL has no USING to reuse there.
select
  'with_check_missing' as lint,
  'error' as severity,
  p.table_name as object,
  format('policy %s checks nothing that is written', p.name) as detail,
  tenancy.policy_remedy(p.table_name, p.name) || ' /* or write: with check ' || a.wall || ' */' as remedy
from tenancy.policies p
cross join tenancy.audited a
where p.command in ('a', 'w', '*')
  and p.using_expr is null
  and p.check_expr is null
