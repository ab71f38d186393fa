-- A setting compared with a constant opens the table: whoever sets it is admin. Behind a wall it opens
-- only the own customer, and a bar that is registered letter by letter opens nothing.
select
  'guc_admin_bypass' as lint,
  'error' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or leave such a condition to a policy beside ' || a.wall || ' */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
cross join tenancy.audited a
where x.expression ~ ' = ''[^'']'
  and exists (
    select from unnest(tenancy.disjuncts(x.expression)) as d
    where d ~ ('(current_setting|' || a.readers || ')\(')
      and d ~ ' = ''[^'']+''(::\w+)?\)*$'
      and d !~ ' AND ')
  and case
    when e.permissive then e.table_oid not in (select w.table_oid from tenancy.walls w)
    else x.expression ~ ' OR '
      and not exists (select from tenancy.bars b where (b.table_name, b.name, b.expression) = (e.table_name, e.name, x.expression))
  end
