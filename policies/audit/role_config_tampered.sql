-- A role that starts with other settings than the installer gave it: a planted app.customer_id, a
-- search_path with pg_temp first, no time-out. Of whoever is none of ours, settings that rows or their secrecy depend on.
select
  'role_config_tampered' as lint,
  case
    when coalesce(wanted.setting, have.setting) = 'search_path' then case when wanted.value is null then 'warning' else 'error' end
    when wanted.value is null and have.setting <> 'log_statement' and not have.stranger then 'error'
    else 'warning'
  end as severity,
  coalesce(have.role, wanted.role) as object,
  format('%s is %s, installed as %s', coalesce(have.setting, wanted.setting), coalesce(have.value, 'not set'), coalesce(wanted.value, 'not set')) as detail,
  case
    when have.reset is not null and (wanted.value is null or have.everywhere is false) then have.reset
    else format('alter role %I set %I = %s', wanted.role, wanted.setting, case wanted.setting when 'search_path' then wanted.value else quote_literal(wanted.value) end)
  end as remedy
from (
  select
    case d.setrole when 0 then 'every role' else d.setrole::regrole::text end as role,
    split_part(c, '=', 1) as setting,
    substr(c, strpos(c, '=') + 1) as value,
    d.setdatabase = 0 as everywhere,
    d.setrole <> 0 and d.setrole not in (select oid from pg_roles where rolname in (select role from tenancy.role_settings)) as stranger,
    format(case
        when d.setrole <> 0 and d.setdatabase <> 0 then 'alter role %1$s in database %2$I reset %3$s'
        when d.setrole <> 0 then 'alter role %1$s reset %3$s'
        when d.setdatabase <> 0 then 'alter database %2$I reset %3$s'
        else 'alter role all reset %3$s'
      end, d.setrole::regrole, current_database(), split_part(c, '=', 1)) as reset
  from pg_db_role_setting d, unnest(d.setconfig) as c
  where d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    and (c ~* '^(app\.|tenancy\.|row_security=|session_preload_libraries=|plan_cache_mode=|session_replication_role=|log_statement=|lo_compat_privileges=)'
      or d.setrole = 0 and c ~ '^search_path='
      or d.setrole in (select oid from pg_roles where rolname in (select role from tenancy.role_settings)))
) as have
full join tenancy.role_settings wanted on (have.role, have.setting) = (wanted.role, wanted.setting)
where have.value is distinct from wanted.value
  and (have.role is not null or exists (select from pg_roles where rolname = wanted.role))
  and not (have.role is null and wanted.setting = 'temp_file_limit' and not (select by_superuser from tenancy.installation))
