-- Temporary tables outlive a transaction on a pooled connection; pg_temp holds functions and operators.
select
  'temp_on_database' as lint,
  case when a.canonical then 'error' else 'warning' end as severity,
  w.name as object,
  'may create temporary tables, functions and operators' as detail,
  format('revoke temporary on database %I from public, %I', current_database(), w.name) as remedy
from tenancy.walled_roles w
cross join tenancy.audited a
where has_database_privilege(w.oid, current_database(), 'TEMPORARY')
