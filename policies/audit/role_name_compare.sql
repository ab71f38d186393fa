-- Row security that depends on the database role: cached plans have applied the wrong role's policies
-- in four releases (CVE-2016-2193, 2023-2455, 2024-10976, 2026-14666).
select
  'role_name_compare' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or name the roles in TO, and compare only the entered customer */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
where x.code ~ '\m(CURRENT_USER|SESSION_USER|CURRENT_ROLE|pg_has_role)\M'
