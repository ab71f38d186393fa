-- A minor version of PostgreSQL with a known hole in row security. A distribution may lag behind, so the
-- portal starts nevertheless; portal audit --strict does not let it pass.
select
  'vulnerable_minor' as lint,
  'warning' as severity,
  format('PostgreSQL %s.%s', v.major, v.minor) as object,
  string_agg(format('%s (%s), mended in %s.%s', f.cve, f.what, f.major, f.minor), '; ' order by f.minor, f.cve) as detail,
  format('no statement does: install %s.%s or newer', v.major, max(f.minor)) as remedy
from (
  select current_setting('server_version_num')::int / 10000 as major, current_setting('server_version_num')::int % 10000 as minor
) as v
join tenancy.fixed_minors f on f.major = v.major and f.minor > v.minor
group by v.major, v.minor
