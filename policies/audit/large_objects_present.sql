-- Large objects have no row security: whoever may read one reads it whole.
select
  'large_objects_present' as lint,
  'warning' as severity,
  'large objects' as object,
  format('%s large objects belong to no customer', count(*)) as detail,
  'keep files in a bytea column of a tenant table; lo_unlink the others' as remedy
from pg_largeobject_metadata
having count(*) > 0
