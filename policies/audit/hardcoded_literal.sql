-- One tenant by name: whoever asks is shown that one's rows, whichever he entered. Behind a wall nobody else sees them.
select
  'hardcoded_literal' as lint,
  case when e.permissive and e.table_oid not in (select w.table_oid from tenancy.walls w) then 'error' else 'warning' end as severity,
  e.table_name as object,
  format('policy %s (%s) compares %s with a constant: %s', e.name, e.clause, a.tenant_column, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or compare with ' || a.wall || ' */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
cross join tenancy.audited a
where x.code ~ format('\m%1$s\)*(::[a-z ]+\)*)*( = (ANY \(+(ARRAY\[)?)?|\s<> )(''''|[0-9])|(''''(::\w+)?|\m[0-9]+) (=|<>) \(*%1$s\M', a.tenant_column)
