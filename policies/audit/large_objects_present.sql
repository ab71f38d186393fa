-- Large objects have no row security: whoever may read one reads it whole, and where lo_compat_privileges is on nobody is asked whether
-- he may. What a role was granted of them is right_beside_tables'.
select
  'large_objects_present' as lint,
  'warning' as severity,
  'large objects' as object,
  format('%s large objects belong to no customer', count(*)) as detail,
  'select lo_unlink(m.oid) from pg_largeobject_metadata m /* files are kept in a bytea column of a tenant table */' as remedy
from pg_largeobject_metadata
having count(*) > 0
union all
select
  'large_objects_present',
  'warning',
  s.name,
  format('is on (%s): whoever may call the functions of large objects reads and writes each', s.source),
  tenancy.setting_reset(s.name, s.source)
from pg_settings s
where s.name = 'lo_compat_privileges'
  and s.setting = 'on'
