-- Rights that are not on rows lead past the walls, too: to set parameters, to call functions that PostgreSQL keeps for
-- superusers, to create, to use foreign servers, to read large objects, to hand on what one was given, or to be given what is made later. Of roles
-- that rows are walled for, other lints name some of them.
select
  'right_beside_tables' as lint,
  case when g.walled then 'error' else 'warning' end as severity,
  g.name as object,
  g.what as detail,
  format(g.remedy, g.name) as remedy
from (
  select r.*, a.grantee = 0 or exists (select from tenancy.walled_roles w where w.oid = a.grantee) as walled,
    case a.grantee when 0 then 'public' else quote_ident(grantee.rolname) end as name
  from (
    select a.grantee, format('may %s %s', case a.privilege_type when 'SET' then 'set' else 'alter system set' end, p.parname) as what,
      format('revoke %s on parameter %s from %%s', lower(a.privilege_type), p.parname) as remedy, true as of_walled
    from pg_parameter_acl p
    cross join lateral aclexplode(p.paracl) a
    union all
    select a.grantee, format('may execute %s, which PostgreSQL keeps for superusers', f.oid::regprocedure), format('revoke execute on routine %s from %%s', f.oid::regprocedure), true
    from pg_init_privs i
    join pg_proc f on f.oid = i.objoid
    cross join lateral aclexplode(f.proacl) a
    where i.classoid = 'pg_proc'::regclass
      and a.grantee <> f.proowner
      and not exists (select from aclexplode(i.initprivs) was where was.grantee = a.grantee)
    union all
    select a.grantee, 'may create schemas in the database', format('revoke create on database %I from %%s', d.datname), true
    from pg_database d
    cross join lateral aclexplode(d.datacl) a
    where d.datname = current_database()
      and a.privilege_type = 'CREATE'
      and a.grantee <> d.datdba
    union all
    select a.grantee, 'may create in schema ' || n.nspname, format('revoke create on schema %I from %%s', n.nspname), false
    from pg_namespace n
    cross join tenancy.audited s
    cross join lateral aclexplode(n.nspacl) a
    where (n.nspname = any (s.schemas) or n.nspname = 'public')
      and a.privilege_type = 'CREATE'
      and a.grantee <> n.nspowner
    union all
    select a.grantee, format('may use the foreign server %s', f.srvname), format('revoke usage on foreign server %I from %%s', f.srvname), true
    from pg_foreign_server f
    cross join lateral aclexplode(f.srvacl) a
    where a.grantee <> f.srvowner
    union all
    select a.grantee, format('may make servers of the foreign data wrapper %s', f.fdwname), format('revoke usage on foreign data wrapper %I from %%s', f.fdwname), true
    from pg_foreign_data_wrapper f
    cross join lateral aclexplode(f.fdwacl) a
    where a.grantee <> f.fdwowner
    union all
    select a.grantee, format('may give %s on %s to others', string_agg(distinct a.privilege_type, ', '), o.name),
      format('revoke grant option for all on %s from %%s cascade', o.name), true
    from (
      select format('%s %I.%I', case c.relkind when 'S' then 'sequence' else 'table' end, n.nspname, c.relname) as name, n.nspname, c.relowner as owner, x.acl
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      cross join lateral (
        select c.relacl as acl
        union all
        select col.attacl from pg_attribute col where col.attrelid = c.oid and col.attacl is not null) as x
      union all
      select format('routine %s', f.oid::regprocedure), n.nspname, f.proowner, f.proacl
      from pg_proc f
      join pg_namespace n on n.oid = f.pronamespace
      union all
      select format('schema %I', n.nspname), n.nspname, n.nspowner, n.nspacl
      from pg_namespace n
    ) as o
    join tenancy.audited s on o.nspname = any (s.schemas)
    cross join lateral aclexplode(o.acl) a
    where a.is_grantable
      and a.grantee <> o.owner
    group by a.grantee, o.name
    union all
    select a.grantee, format('may %s %s large objects, which have no row security', string_agg(distinct case a.privilege_type when 'SELECT' then 'read' else 'write' end, ' and '), count(distinct l.oid)),
      'do $do$ declare l oid; begin for l in select oid from pg_largeobject_metadata loop execute ''revoke all on large object '' || l || '' from %s''; end loop; end $do$', true
    from pg_largeobject_metadata l
    cross join lateral aclexplode(l.lomacl) a
    where a.grantee <> l.lomowner
    group by a.grantee
    union all
    select a.grantee, format('will be given %s on %s that %s makes%s', string_agg(a.privilege_type, ', ' order by a.privilege_type), k.kind, d.defaclrole::regrole, coalesce(' in ' || n.nspname, '')),
      format('alter default privileges for role %s%s revoke all on %s from %%s', d.defaclrole::regrole, coalesce(' in schema ' || quote_ident(n.nspname), ''), k.kind),
      d.defaclobjtype <> 'r' or bool_and(a.privilege_type = 'SELECT')
    from pg_default_acl d
    cross join lateral (
      select case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'routines' when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end as kind
    ) as k
    cross join tenancy.audited s
    left join pg_namespace n on n.oid = d.defaclnamespace
    cross join lateral aclexplode(d.defaclacl) a
    where a.grantee not in (0, d.defaclrole)
      and not exists (select from pg_roles r where r.oid = a.grantee and r.rolname = any (s.backup_roles))
      and (d.defaclnamespace = 0 or n.nspname = any (s.schemas))
    group by d.oid, d.defaclrole, d.defaclobjtype, k.kind, n.nspname, a.grantee
  ) as r (grantee, what, remedy, of_walled)
  cross join lateral (select r.grantee) as a
  left join pg_roles grantee on grantee.oid = r.grantee
) as g
cross join tenancy.audited s
where (g.of_walled or not g.walled)
  -- Whoever may become the owner is the installer, or another lint names him.
  and not exists (
    select
    from pg_roles o
    join pg_roles r on r.oid = g.grantee
    where (r.rolsuper or r.rolname ~ '^pg_' or r.rolname = s.definer or o.rolname = s.owner and pg_has_role(r.oid, o.oid, 'MEMBER')))
