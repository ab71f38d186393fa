-- A definer function without a pinned search_path runs what its caller planted; pg_temp comes last, for
-- unnamed it comes first.
select
  'secdef_search_path' as lint,
  'error' as severity,
  f.signature as object,
  'security definer without a search_path that ends with pg_temp' as detail,
  format('alter routine %s set search_path = pg_catalog, pg_temp', f.signature) as remedy
from tenancy.written_functions f
where f.definer
  and not exists (select from unnest(f.config) as c where c ~ '^search_path=(.*, )?"?pg_temp"?$')
