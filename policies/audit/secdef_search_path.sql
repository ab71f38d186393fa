-- A definer function without a pinned search path runs what its caller planted.
select
  'secdef_search_path' as lint,
  'error' as severity,
  p.oid::regprocedure::text as object,
  'security definer without search_path = pg_catalog, pg_temp' as detail,
  format('alter function %s set search_path = pg_catalog, pg_temp', p.oid::regprocedure) as remedy
from pg_proc p
where p.pronamespace in ('portal'::regnamespace, 'platform'::regnamespace, 'tenancy'::regnamespace)
  and p.prosecdef
  and not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false)
