-- The audit for a DBA, on one screen:
--
--   psql -f policies/audit.sql "postgres://…"
--
-- as a superuser, or as portal_auditor, who may read this and no data. It changes nothing.
\set QUIET on
\pset pager off
\pset footer off
\pset border 1
\pset null -
\pset linestyle ascii
\pset format wrapped
\pset columns 120
\set ON_ERROR_STOP on
set search_path = pg_catalog, pg_temp;
select count(*) filter (where severity = 'error') as errors, count(*) filter (where severity = 'warning') as warnings from tenancy.findings \gset
select count(*) as lints from tenancy.lints \gset
select count(*) as exceptions from tenancy.audit_exceptions \gset

\pset tuples_only on
\pset format unaligned
select format('Tenant isolation of database %s: schema version %s, PostgreSQL %s, %s UTC', current_database(), s.schema_version,
  split_part(current_setting('server_version'), ' ', 1), to_char(now() at time zone 'utc', 'YYYY-MM-DD HH24:MI'))
from tenancy.state() s;
\pset format wrapped
\pset tuples_only off

\echo
\echo 'ROLES'
select
  r.rolname as role,
  case when r.rolcanlogin then 'yes' else 'no' end as "logs in",
  case when r.rolsuper or r.rolbypassrls then 'NO' else 'yes' end as walled,
  (select count(*) from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o'
    and d.dbid in (0, (select oid from pg_database where datname = current_database()))) as owns,
  (select string_agg(up.rolname, ', ') from pg_roles up where up.oid <> r.oid and not r.rolsuper and pg_has_role(r.oid, up.oid, 'member')) as "can become",
  split_part(shobj_description(r.oid, 'pg_authid'), ';', 1) as purpose
from pg_roles r
where r.rolname ~ '^portal_'
order by r.rolname;

\echo
\echo 'TABLES'
select
  split_part(p.table_name, '.', 1) as schema,
  count(*) as tables,
  count(*) filter (where p.wall ~ 'forced$') as "row security forced",
  count(*) filter (where p.wall ~ '^wall') as walled,
  count(*) filter (where p.verdict <> 'walled') as "with errors",
  case split_part(p.table_name, '.', 1) when 'portal' then 'every row belongs to a customer' else 'before a customer is known: a policy per role' end as rule
from tenancy.posture p
group by 1
order by 1 desc;

\echo
\echo 'WHO THE WALLS DO NOT HOLD, OR WHO COULD TAKE THEM DOWN'
select role, reason, case when logs_in then 'yes' else 'no' end as "logs in" from tenancy.who_can_bypass order by 1, 2;

\pset tuples_only on
\pset format unaligned
\echo
\echo 'FINDINGS'
select concat(f.severity, ' ', f.lint, ': ', f.object,
  regexp_replace(f.detail, '(.{1,116})( |$)', e'\n  \\1', 'g'), regexp_replace('remedy: ' || f.remedy, '(.{1,116})( |$)', e'\n  \\1', 'g'))
from tenancy.findings f
where f.severity <> 'info'
order by f.severity, f.lint, f.object, f.detail;

select concat('excepted ', e.lint, ': ', e.object,
  regexp_replace(format('until %s, by %s on %s: %s', e.expires_on, e.made_by, e.made_on, e.reason), '(.{1,116})( |$)', e'\n  \\1', 'g'))
from tenancy.audit_exceptions e
order by e.lint, e.object;

\echo
\echo :lints lints, :errors errors, :warnings warnings, :exceptions exceptions
select 'posture ' || tenancy.posture_hash();
select string_agg(f.lint || ': ' || f.detail, '; ') filter (where f.lint = 'orphan')
  || coalesce(string_agg('; nor ' || f.lint, '') filter (where f.lint = 'id_in_two_customers'), '')
from tenancy.findings f
where f.severity = 'info';
\echo 'more in schema tenancy: posture, lints, audit_exceptions, effective_policy(\'portal.users\', \'portal_app\', \'update\')'
