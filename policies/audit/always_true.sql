-- A policy that lets everything through. Behind a wall it lets in every row of the customer, and where there is none
-- every row of everybody. A restrictive one holds nothing back: no harm, unless it is one that should.
select
  'always_true' as lint,
  case
    when case
      when e.permissive then e.table_oid not in (select w.table_oid from tenancy.walls w)
      else exists (select from tenancy.wanted_policies w where (w.table_name, w.name) = (e.table_name, e.name))
    end then 'error'
    else 'warning'
  end as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or compare with ' || a.wall || ' */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
cross join tenancy.audited a
where tenancy.always_true(x.expression)
  and not exists (
    select from tenancy.platform_access p
    where p.rows = 'all' and (p.schema || '.' || p.table_name, p.role || '_all') = (e.table_name, e.name))
