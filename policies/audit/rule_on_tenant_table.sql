-- A rule rewrites other people's statements, and runs as the owner of the table.
select
  'rule_on_tenant_table' as lint,
  'warning' as severity,
  t.name as object,
  format('rule %s', w.rulename) as detail,
  format('drop rule %I on %s', w.rulename, t.name) as remedy
from pg_rewrite w
join tenancy.our_tables t on t.oid = w.ev_class
