-- A door to everyone: roles that nobody thought of come in. Elsewhere one that compares the tenant is no hole.
select
  'to_public' as lint,
  'error' as severity,
  p.table_name as object,
  format('permissive policy %s is to public', p.name) as detail,
  tenancy.policy_remedy(p.table_name, p.name) || ' /* one that lets in names its roles */' as remedy
from tenancy.policies p
cross join tenancy.audited a
where p.permissive
  and 0 = any (p.roles)
  and (a.canonical or not (coalesce(p.using_holds, true) and coalesce(p.check_holds, true)))
