-- The posture of the database as lines of text, without oids: what isolation rests on, equal after a
-- dump and a restore. Kinds: role, schema, table, policy, grant, key, trigger, view, function, gate.

create or replace function tenancy.posture_facts(kinds text[]) returns table (kind text, object text, fact text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
with ours as (
  select c.*, format('%I.%I', n.nspname, c.relname) as name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('portal', 'platform', 'jobs', 'tenancy')
    and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
),
grants as (
  select o.name, o.relowner, null::name as attname, a.grantee, a.privilege_type
  from ours o
  cross join lateral aclexplode(o.relacl) a
  union all
  select o.name, o.relowner, col.attname, a.grantee, a.privilege_type
  from ours o
  join pg_attribute col on col.attrelid = o.oid and col.attacl is not null
  cross join lateral aclexplode(col.attacl) a
)
select 'role', r.rolname::text, concat_ws(' ',
  case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'bypassrls' end, case when r.rolcanlogin then 'login' end,
  case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end, case when r.rolreplication then 'replication' end)
from pg_roles r
where r.rolname ~ '^portal_' and 'role' = any (kinds)
union all
select 'role', r.rolname::text, 'set ' || c
from pg_roles r
join pg_db_role_setting d on d.setrole = r.oid and d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
cross join lateral unnest(d.setconfig) as c
where r.rolname ~ '^portal_' and 'role' = any (kinds)
union all
select 'role', r.rolname::text, 'member of ' || g.rolname
from pg_auth_members m
join pg_roles r on r.oid = m.member
join pg_roles g on g.oid = m.roleid
where (r.rolname ~ '^portal_' or g.rolname ~ '^portal_') and 'role' = any (kinds)
union all
select 'schema', n.nspname::text, coalesce(r.rolname, 'public') || ': ' || string_agg(a.privilege_type, ', ' order by a.privilege_type)
from pg_namespace n
cross join lateral aclexplode(n.nspacl) a
left join pg_roles r on r.oid = a.grantee
where n.nspname in ('portal', 'platform', 'jobs', 'tenancy') and a.grantee <> n.nspowner and 'schema' = any (kinds)
group by n.nspname, r.rolname
union all
select 'table', o.name, format('owner %s, persistence %s, row security %s, forced %s, customer_id %s',
  o.relowner::regrole, o.relpersistence, o.relrowsecurity, o.relforcerowsecurity,
  (select format('%s%s default %s', format_type(col.atttypid, col.atttypmod), case when col.attnotnull then ' not null' end, pg_get_expr(d.adbin, d.adrelid))
   from pg_attribute col
   left join pg_attrdef d on d.adrelid = col.attrelid and d.adnum = col.attnum
   where col.attrelid = o.oid and col.attname = 'customer_id' and not col.attisdropped))
from ours o
where o.relkind in ('r', 'p') and 'table' = any (kinds)
union all
select 'policy', o.name, format('%s: %s for %s to %s using %s check %s', p.polname, case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
  (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname) from unnest(p.polroles) as id left join pg_roles r on r.oid = id),
  pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
from pg_policy p
join ours o on o.oid = p.polrelid
where 'policy' = any (kinds)
union all
select 'grant', g.name, coalesce(r.rolname, 'public') || ': ' || string_agg(g.privilege, ', ' order by g.privilege)
from (
  select name, grantee, privilege_type || case when count(attname) > 0 then ' (' || string_agg(attname, ', ' order by attname) || ')' else '' end as privilege
  from grants
  where grantee <> relowner
  group by name, grantee, privilege_type, attname is null
) as g
left join pg_roles r on r.oid = g.grantee
where 'grant' = any (kinds)
group by g.name, r.rolname
union all
select 'key', o.name, k.conname || ' ' || pg_get_constraintdef(k.oid)
from pg_constraint k
join ours o on o.oid = k.conrelid
where k.contype in ('p', 'u', 'x', 'f') and 'key' = any (kinds)
union all
select 'key', o.name, pg_get_indexdef(i.indexrelid)
from pg_index i
join ours o on o.oid = i.indrelid
where i.indisunique and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid) and 'key' = any (kinds)
union all
select 'trigger', o.name, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
from pg_trigger t
join ours o on o.oid = t.tgrelid
where not t.tgisinternal and 'trigger' = any (kinds)
union all
select 'view', o.name, format('owner %s, %s', o.relowner::regrole, o.reloptions)
from ours o
where o.relkind in ('v', 'm', 'f') and 'view' = any (kinds)
union all
select 'function', f.signature, format('owner %s, definer %s, volatility %s, leakproof %s, settings %s, callers %s, body %s',
  (select case when r.rolsuper then 'a superuser' else r.rolname end from pg_roles r where r.oid = f.owner), f.definer, f.volatility, f.leakproof, f.config,
  (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname)
   from aclexplode(coalesce(f.acl, acldefault('f', f.owner))) a left join pg_roles r on r.oid = a.grantee where a.grantee <> f.owner),
  md5(f.body))
from tenancy.written_functions f
where f.schema in ('portal', 'platform', 'jobs', 'tenancy') and 'function' = any (kinds)
union all
select 'gate', e.evtname::text, format('on %s, enabled %s, tags %s, function %s', e.evtevent, e.evtenabled, e.evttags, e.evtfoid::regproc)
from pg_event_trigger e
where e.evtname ~ '^portal_' and 'gate' = any (kinds)
$$;

-- What differs from the posture that portal migrate recorded: one row for each object and kind.
create or replace function tenancy.drift(kinds text[]) returns table (object text, detail text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select
  coalesce(h.object, b.object),
  coalesce(h.kind, b.kind)
    || coalesce('; now: ' || string_agg(h.fact, '; ' order by h.fact) filter (where b.fact is null), '')
    || coalesce('; installed: ' || string_agg(b.fact, '; ' order by b.fact) filter (where h.fact is null), '')
from tenancy.posture_facts(kinds) h
full join (select * from tenancy.baseline where kind = any (kinds)) b on (h.kind, h.object, h.fact) = (b.kind, b.object, b.fact)
where h.kind is null
  or b.kind is null
group by coalesce(h.kind, b.kind), coalesce(h.object, b.object)
$$;

-- Rows that point at nothing, for the installer: it alone sees all rows, and says so by
-- tenancy.installing. Everybody else gets one row with found = false, and so does an installer that row
-- security holds.
create or replace function tenancy.orphans() returns table (found boolean, object text, detail text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  k record;
  n bigint;
begin
  if current_setting('tenancy.installing', true) is distinct from 'on' then
    return query select false, 'foreign keys', null::text;
    return;
  end if;
  for k in
    select
      c.conname,
      c.conrelid::regclass as child,
      c.confrelid::regclass as parent,
      string_agg(format('c.%I is not null', a.attname), ' and ') as there,
      string_agg(format('p.%I = c.%I', b.attname, a.attname), ' and ') as equal
    from pg_constraint c
    cross join lateral unnest(c.conkey, c.confkey) as pair (child_column, parent_column)
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = pair.child_column
    join pg_attribute b on b.attrelid = c.confrelid and b.attnum = pair.parent_column
    where c.contype = 'f'
      and c.conparentid = 0
      and c.connamespace::regnamespace::text in ('portal', 'platform', 'jobs')
    group by c.oid
  loop
    if row_security_active(k.child) or row_security_active(k.parent) then
      return query select false, 'foreign keys', null::text;
      return;
    end if;
    execute format('select count(*) from %s c where %s and not exists (select from %s p where %s)', k.child, k.there, k.parent, k.equal) into n;
    if n > 0 then
      return query select true, k.child::text, format('%s: %s rows point at nothing in %s', k.conname, n, k.parent);
    end if;
  end loop;
end
$$;

-- Ids that rows of two customers have, for the installer as above.
create or replace function tenancy.shared_ids() returns table (found boolean, object text, detail text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  t record;
  least_id bigint;
  n bigint;
begin
  if current_setting('tenancy.installing', true) is distinct from 'on' then
    return query select false, 'ids', null::text;
    return;
  end if;
  for t in
    select c.oid::regclass as name
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'id' and a.attidentity <> ''
    where c.relnamespace = 'portal'::regnamespace
      and c.relkind in ('r', 'p')
    order by c.relname
  loop
    if row_security_active(t.name) then
      return query select false, 'ids', null::text;
      return;
    end if;
    execute format('select count(*), min(id) from (select id from %s group by id having count(*) > 1) as twice', t.name) into n, least_id;
    if n > 0 then
      return query select true, t.name::text, format('%s ids are of two customers each, the least is %s', n, least_id);
    end if;
  end loop;
end
$$;
