-- Restrictive policies only take away; without a permissive one nobody sees a row.
select
  'only_restrictive' as lint,
  'warning' as severity,
  t.name as object,
  'has a wall and no door' as detail,
  'run portal migrate, which makes the doors' as remedy
from tenancy.our_tables t
join pg_policy p on p.polrelid = t.oid
where t.enabled
group by t.name
having not bool_or(p.polpermissive)
