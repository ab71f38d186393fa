-- Restrictive policies only take away; without a permissive one nobody sees a row.
select
  'only_restrictive' as lint,
  'warning' as severity,
  t.name as object,
  'has restrictive policies alone' as detail,
  case when (select a.canonical from tenancy.audited a) then 'run portal migrate, which makes the doors' else 'make a permissive policy that says whom it lets in' end as remedy
from tenancy.our_tables t
join pg_policy p on p.polrelid = t.oid
where t.enabled
group by t.name
having not bool_or(p.polpermissive)
