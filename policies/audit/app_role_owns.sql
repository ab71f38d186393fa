-- An owner alters, disables and grants what is its own.
select
  'app_role_owns' as lint,
  'error' as severity,
  w.name as object,
  'owns ' || pg_describe_object(d.classid, d.objid, 0) as detail,
  format('reassign owned by %I to %I', w.name, a.owner) as remedy
from tenancy.walled_roles w
cross join tenancy.audited a
join pg_shdepend d on d.refclassid = 'pg_authid'::regclass and d.refobjid = w.oid and d.deptype = 'o'
where d.dbid in (0, (select b.oid from pg_database b where b.datname = current_database()))
