-- Large objects have no row security: whoever may read one reads it whole.
select
  'large_objects_present' as lint,
  'warning' as severity,
  'large objects' as object,
  format('%s large objects belong to no customer', count(*)) as detail,
  'select lo_unlink(m.oid) from pg_largeobject_metadata m /* files are kept in a bytea column of a tenant table */' as remedy
from pg_largeobject_metadata
having count(*) > 0
