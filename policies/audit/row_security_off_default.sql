-- With row_security = off a query that the wall would filter fails; whoever set it wanted it unfiltered.
select
  'row_security_off_default' as lint,
  'warning' as severity,
  'row_security' as object,
  format('is off (%s)', s.source) as detail,
  case s.source
    when 'database' then format('alter database %I reset row_security', current_database())
    when 'user' then format('alter role %I reset row_security', session_user)
    when 'database user' then format('alter role %I in database %I reset row_security', session_user, current_database())
    when 'configuration file' then 'alter system reset row_security'
    else 'reset row_security'
  end as remedy
from pg_settings s
where s.name = 'row_security'
  and s.setting = 'off'
