-- A role that no person has: the condition never holds, and whom it was meant for finds nothing. A slip of the pen, as a rule.
select
  'unknown_role' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s) asks for the role %s, which nobody has', e.name, e.clause, m.names[1]) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or name a role of the constraint role_is_known */' as remedy
from tenancy.policy_expressions e
cross join lateral regexp_matches(e.expression, 'tenancy\.role\(\)(?: AS \w+\))? (?:=|<>) ''([^'']*)''', 'g') as m (names)
where m.names[1] <> 'webhook' -- the provider of text messages
  and not exists (
    select
    from pg_constraint k
    join tenancy.our_tables t on t.oid = k.conrelid
    where t.name = 'portal.users'
      and k.conname = 'role_is_known'
      and position(quote_literal(m.names[1]) in pg_get_constraintdef(k.oid)) > 0)
