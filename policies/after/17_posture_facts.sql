-- The posture of the database as lines of text, without oids: what isolation rests on, and the whole definition of all else that
-- the installer made; equal after a dump and a restore. A fact is "part: what it is", and of one object there is one for each part.
-- Kinds that isolation rests on: role, schema, table, policy, grant, key, trigger, view, function, gate.
-- The others: column, check, index, identity, sequence, statistics, rule, type, event trigger.

create or replace function tenancy.posture_facts(kinds text[]) returns table (kind text, object text, fact text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
with ours as (
  select c.*, format('%I.%I', n.nspname, c.relname) as name, n.nspname
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
  join pg_attribute col on col.attrelid = o.oid and col.attacl is not null and not col.attisdropped
  cross join lateral aclexplode(col.attacl) a
),
columns as (
  select o.name, col.attname, col.attnotnull, col.attidentity, col.attgenerated,
    format_type(col.atttypid, col.atttypmod) as type,
    pg_get_expr(d.adbin, d.adrelid) as value,
    (select format('%I.%I', cn.nspname, l.collname) from pg_collation l join pg_namespace cn on cn.oid = l.collnamespace
      where l.oid = col.attcollation and l.collname <> 'default') as collation
  from ours o
  join pg_attribute col on col.attrelid = o.oid and col.attnum > 0 and not col.attisdropped
  left join pg_attrdef d on d.adrelid = col.attrelid and d.adnum = col.attnum
  where o.relkind in ('r', 'p') and 'column' = any (kinds)
)
select 'role', r.rolname::text, 'attributes: ' || concat_ws(' ',
  case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'bypassrls' end, case when r.rolcanlogin then 'login' end,
  case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end, case when r.rolreplication then 'replication' end)
from pg_roles r
where r.rolname ~ '^portal_' and 'role' = any (kinds)
union all
select 'role', r.rolname::text, 'set: ' || c
from pg_roles r
join pg_db_role_setting d on d.setrole = r.oid and d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
cross join lateral unnest(d.setconfig) as c
where r.rolname ~ '^portal_' and 'role' = any (kinds)
union all
select 'role', r.rolname::text, 'member of: ' || g.rolname
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
select 'table', o.name, t.part || ': ' || t.fact
from ours o
left join pg_attribute c on c.attrelid = o.oid and c.attname = 'customer_id' and not c.attisdropped
left join pg_attrdef d on d.adrelid = o.oid and d.adnum = c.attnum
cross join lateral (values
  ('owner', o.relowner::regrole::text),
  ('persistence', o.relpersistence::text),
  ('row security', o.relrowsecurity::text),
  ('forced', o.relforcerowsecurity::text),
  ('customer_id', case when c.attnum is not null then concat_ws(' ', format_type(c.atttypid, c.atttypmod), case when c.attnotnull then 'not null' end,
    'default ' || pg_get_expr(d.adbin, d.adrelid)) end)
) as t (part, fact)
where o.relkind in ('r', 'p') and t.fact is not null and 'table' = any (kinds)
union all
select 'policy', o.name, format('%s: %s for %s to %s using %s check %s', p.polname, case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
  (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname) from unnest(p.polroles) as id left join pg_roles r on r.oid = id),
  pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
from pg_policy p
join ours o on o.oid = p.polrelid
where 'policy' = any (kinds)
union all
select distinct 'grant', g.name, coalesce(r.rolname, 'public') || ': ' || g.privilege_type || coalesce(' (' || g.attname || ')', '')
from grants g
left join pg_roles r on r.oid = g.grantee
where g.grantee <> g.relowner and 'grant' = any (kinds)
union all
select k.kind, o.name, k.conname || ': ' || pg_get_constraintdef(k.oid)
from (select c.*, case when c.contype = 'c' then 'check' else 'key' end as kind from pg_constraint c) as k
join ours o on o.oid = k.conrelid
where k.contype in ('p', 'u', 'x', 'f', 'c') and k.kind = any (kinds)
union all
select i.kind, o.name, x.relname || ': ' || pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ' invalid' end
from (select n.*, case when n.indisunique then 'key' else 'index' end as kind from pg_index n) as i
join ours o on o.oid = i.indrelid
join pg_class x on x.oid = i.indexrelid
where i.kind = any (kinds)
  and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x'))
union all
select 'trigger', o.name, t.tgname || ': ' || pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
from pg_trigger t
join ours o on o.oid = t.tgrelid
where not t.tgisinternal and 'trigger' = any (kinds)
union all
select 'view', o.name, v.part || ': ' || v.fact
from ours o
cross join lateral (values
  ('owner', o.relowner::regrole::text),
  ('options', o.reloptions::text),
  ('body', case when o.relkind <> 'f' then md5(pg_get_viewdef(o.oid)) end)
) as v (part, fact)
where o.relkind in ('v', 'm', 'f') and v.fact is not null and 'view' = any (kinds)
union all
select 'function', f.signature, p.part || ': ' || p.fact
from tenancy.written_functions f
join pg_proc r on r.oid = f.oid
cross join lateral (values
  ('owner', (select case when o.rolsuper then 'a superuser' else o.rolname::text end from pg_roles o where o.oid = f.owner)),
  ('definer', f.definer::text),
  ('volatility', f.volatility::text),
  ('leakproof', f.leakproof::text),
  ('settings', f.config::text),
  ('callers', (select string_agg(coalesce(c.rolname, 'public'), ', ' order by c.rolname)
    from aclexplode(coalesce(f.acl, acldefault('f', f.owner))) a left join pg_roles c on c.oid = a.grantee where a.grantee <> f.owner)),
  ('signature', md5(concat_ws(' ', pg_get_function_arguments(f.oid), pg_get_function_result(f.oid), r.proisstrict, r.proparallel, r.prolang::regproc))),
  ('body', md5(f.body))
) as p (part, fact)
where f.schema in ('portal', 'platform', 'jobs', 'tenancy') and p.fact is not null and 'function' = any (kinds)
union all
select 'gate', e.evtname::text, format('trigger: on %s, enabled %s, tags %s, function %s', e.evtevent, e.evtenabled, e.evttags, e.evtfoid::regproc)
from pg_event_trigger e
where e.evtname ~ '^portal_' and 'gate' = any (kinds)
union all
select 'event trigger', 'this database', format('%s: on %s, enabled %s, tags %s, function %s', e.evtname, e.evtevent, e.evtenabled, e.evttags, e.evtfoid::regproc)
from pg_event_trigger e
where e.evtname !~ '^portal_' and 'event trigger' = any (kinds)
  and not exists (select from pg_depend d where d.classid = 'pg_event_trigger'::regclass and d.objid = e.oid and d.deptype = 'e')
union all
-- Of customer_id kind table tells.
select 'column', c.name, c.attname || ': ' || a.fact
from columns c
cross join lateral (values
  ('type ' || c.type || coalesce(' collate ' || c.collation, '')),
  (case when c.attnotnull then 'not null' end),
  (case c.attidentity when 'a' then 'generated always as identity' when 'd' then 'generated by default as identity' end),
  (case c.attgenerated when '' then 'default ' || c.value else 'generated always as (' || c.value || ') stored' end)
) as a (fact)
where a.fact is not null and c.attname <> 'customer_id' and 'column' = any (kinds)
union all
-- FULL, which lint published_unidentified advises, tells rows apart too.
select 'identity', o.name, 'replica identity: ' || case o.relreplident when 'n' then 'nothing' when 'i' then coalesce(
    (select 'index ' || x.relname from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = o.oid and i.indisreplident), 'nothing')
  else 'key or row' end
from ours o
where o.relkind in ('r', 'p') and 'identity' = any (kinds)
union all
select 'sequence', o.name, s.fact
from ours o
join pg_sequence q on q.seqrelid = o.oid
cross join lateral (values
  (format('range: as %s start %s increment %s minvalue %s maxvalue %s%s', q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax,
    case when q.seqcycle then ' cycle' else ' no cycle' end)),
  ((select format('owned by: %I.%I.%I', n.nspname, t.relname, a.attname)
    from pg_depend d
    join pg_class t on t.oid = d.refobjid
    join pg_namespace n on n.oid = t.relnamespace
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass and d.objid = o.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
) as s (fact)
where s.fact is not null and 'sequence' = any (kinds)
union all
select 'statistics', o.name, x.stxname || ': ' || pg_get_statisticsobjdef(x.oid)
from pg_statistic_ext x
join ours o on o.oid = x.stxrelid
where 'statistics' = any (kinds)
union all
-- Of the tables that rule_on_tenant_table looks at it tells.
select 'rule', o.name, w.rulename || ': ' || pg_get_ruledef(w.oid) || ' ' || w.ev_enabled::text
from pg_rewrite w
join ours o on o.oid = w.ev_class
where w.rulename <> '_RETURN' and (o.relkind not in ('r', 'p') or o.nspname = 'tenancy') and 'rule' = any (kinds)
union all
select 'type', format('%I.%I', n.nspname, t.typname), v.fact
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
left join pg_class c on c.oid = t.typrelid
cross join lateral (values
  (case t.typtype when 'e' then 'labels: ' || (select string_agg(l.enumlabel, ', ' order by l.enumsortorder) from pg_enum l where l.enumtypid = t.oid) end),
  (case t.typtype when 'd' then 'base: ' || concat_ws(' ', format_type(t.typbasetype, t.typtypmod), case when t.typnotnull then 'not null' end, 'default ' || t.typdefault) end),
  (case t.typtype when 'd' then 'checks: ' || (select string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid), ', ' order by k.conname)
    from pg_constraint k where k.contypid = t.oid and k.contype = 'c') end),
  (case t.typtype when 'c' then 'attributes: ' || (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
    from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) end)
) as v (fact)
where n.nspname in ('portal', 'platform', 'jobs', 'tenancy') and (t.typtype in ('e', 'd') or c.relkind = 'c') and v.fact is not null and 'type' = any (kinds)
$$;

-- What differs from the posture that portal migrate recorded: a row for each part, with what it is now and what was installed. Of an
-- object that is new or gone there is one row, without a part, and none for what belongs to it.
do $$
begin
  if pg_get_function_result(to_regprocedure('tenancy.drift(text[])')) !~ 'part text' then
    drop function tenancy.drift(text[]) cascade; -- with lints, which follow
  end if;
end
$$;

create or replace function tenancy.drift(kinds text[])
returns table (kind text, object text, part text, detail text, now text[], installed text[])
language sql stable
set search_path = pg_catalog, pg_temp
as $$
with differing as (
  select coalesce(h.kind, b.kind) as kind, coalesce(h.object, b.object) as object, coalesce(h.fact, b.fact) as fact, b.kind is null as is_now
  from tenancy.posture_facts(kinds) h
  full join (select distinct b.kind, b.object, b.fact from tenancy.baseline b where b.kind = any (kinds)) b on (h.kind, h.object, h.fact) = (b.kind, b.object, b.fact)
  where h.kind is null
    or b.kind is null
),
standing as (
  select case when c.relkind = 'S' then 'sequence' else 'relation' end as class, format('%I.%I', n.nspname, c.relname) as object, c.oid
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('portal', 'platform', 'jobs', 'tenancy')
    and exists (select from differing)
  union all
  select 'function', f.signature, f.oid from tenancy.written_functions f where exists (select from differing d where d.kind = 'function')
  union all
  select 'type', format('%I.%I', n.nspname, t.typname), t.oid
  from pg_type t
  join pg_namespace n on n.oid = t.typnamespace
  where exists (select from differing d where d.kind = 'type')
),
known as (
  select distinct case when b.kind in ('table', 'view') then 'relation' else b.kind end as class, b.object
  from tenancy.baseline b
  where b.kind in ('table', 'view', 'function', 'sequence', 'type')
),
parts as (
  select d.kind, d.object, d.is_now, split_part(d.fact, ': ', 1) as part, substr(d.fact, strpos(d.fact, ': ') + 2) as fact,
    d.kind = 'event trigger' or s.object is not null and k.object is not null as stays
  from differing d
  left join standing s on s.object = d.object and (s.class = d.kind or d.kind not in ('function', 'sequence', 'type') and s.class in ('relation', case d.kind when 'grant' then 'sequence' else 'relation' end))
  left join known k on k.object = d.object and (k.class = d.kind or d.kind not in ('function', 'sequence', 'type') and k.class in ('relation', case d.kind when 'grant' then 'sequence' else 'relation' end))
  -- A grant on a column that is gone went with it.
  where not (d.kind = 'grant' and not d.is_now and d.fact ~ '\)$' and not exists (
    select from pg_attribute a where a.attrelid = s.oid and not a.attisdropped and a.attname = substring(d.fact from ' \((.*)\)$')))
)
select d.kind, d.object, d.part, concat_ws(' ', d.kind, nullif(d.part, '')) || case
    when d.part <> '' then format(': %s now, %s installed', coalesce(array_to_string(d.now, ', '), 'none'), coalesce(array_to_string(d.installed, ', '), 'none'))
    when d.now is not null then ': one now, none installed'
    else ': none now, one installed'
  end,
  d.now, d.installed
from (
  select p.kind, p.object, case when p.stays then p.part else '' end as part,
    array_agg(p.fact order by p.fact) filter (where p.is_now) as now,
    array_agg(p.fact order by p.fact) filter (where not p.is_now) as installed
  from parts p
  where p.stays
    or p.kind in ('table', 'view', 'function', 'type')
    -- That of a column comes and goes with it.
    or p.kind = 'sequence' and not exists (select from parts o where (o.kind, o.object, o.part) = ('sequence', p.object, 'owned by'))
  group by 1, 2, 3
) as d
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
