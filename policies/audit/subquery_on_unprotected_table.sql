-- A policy that decides by a table without row security: whoever writes there decides here.
select
  'subquery_on_unprotected_table' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s) reads %s, which has no row security', e.name, e.clause, c.oid::regclass) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or enable row security of the other table, too */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
cross join lateral (select distinct m[1]::oid as oid from regexp_matches(x.tree, ':relid ([0-9]+)', 'g') as m) as r
join pg_class c on c.oid = r.oid
where x.tree like '%:relid %'
  and not c.relrowsecurity
