-- Row security does not hold for a superuser, nor with BYPASSRLS.
select
  'app_role_superuser_or_bypass' as lint,
  'error' as severity,
  w.name as object,
  case when r.rolsuper then 'is a superuser' else 'bypasses row security' end as detail,
  format('alter role %I nosuperuser nobypassrls', w.name) as remedy
from tenancy.walled_roles w
join pg_roles r on r.oid = w.oid
where r.rolsuper
  or r.rolbypassrls
