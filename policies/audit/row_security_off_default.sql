-- With row_security = off a query that the wall would filter fails; whoever set it wanted it unfiltered.
select
  'row_security_off_default' as lint,
  'warning' as severity,
  'row_security' as object,
  format('is off (%s)', s.source) as detail,
  tenancy.setting_reset(s.name, s.source) as remedy
from pg_settings s
where s.name = 'row_security'
  and s.setting = 'off'
