-- The catalogue as the audit reads it. Names carry their schema and expressions are printed under a
-- fixed search_path, so that the audit says the same whoever asks.
--
-- Nothing here is the portal's alone: what differs elsewhere is in tenancy.audited. In a database where nothing may be made,
-- portal audit --database writes each view, and each function of one expression, where a lint names it.

create or replace function tenancy.expression(tree pg_node_tree, relation oid) returns text
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
return pg_get_expr(tree, relation);

-- Is the expression, as PostgreSQL prints it, true or false whatever the row?
create or replace function tenancy.always_true(expression text) returns boolean
language sql immutable parallel safe
return btrim(expression, '()') in ('true', 'NOT false')
  or (expression ~ ' = ' and split_part(btrim(expression, '()'), ' = ', 1) = split_part(btrim(expression, '()'), ' = ', 2)
    and split_part(expression, ' = ', 3) = '');

create or replace function tenancy.always_false(expression text) returns boolean
language sql immutable parallel safe
return btrim(expression, '()') in ('false', 'NOT true', 'NULL::boolean')
  or (expression ~ '^\(*([0-9]+|''[^'']*''::[a-z]+) = ([0-9]+|''[^'']*''::[a-z]+)\)*$'
    and split_part(btrim(expression, '()'), ' = ', 1) <> split_part(btrim(expression, '()'), ' = ', 2));

-- The operands of every OR in an expression as PostgreSQL prints it, however deep; an expression
-- without OR is its own only operand. Between two neighbours among the parentheses and ORs of one depth lies an operand, if one
-- of both is an OR.
create or replace function tenancy.disjuncts(expression text) returns text[]
language sql immutable parallel safe
return case
  when expression !~ ' OR ' then array[expression]
  else (
    select array_agg(substr(expression, b.operand, b.ends - b.operand) order by b.operand)
    from (
      select
        m.token = ' OR ' as divides,
        m.begins as ends,
        lag(m.token = ' OR ') over inside as divided,
        coalesce(lag(m.begins + length(m.token)) over inside, 1) as operand
      from (
        select t.token, t.place,
          t.total - length(t.token) + 1 as begins,
          t.opened + case t.token when ')' then 1 else 0 end as depth
        from (
          select r.token[1] as token, r.place,
            (sum(length(r.token[1])) over up_to)::int as total,
            sum(case r.token[1] when '(' then 1 when ')' then -1 else 0 end) over up_to as opened
          from regexp_matches(expression || ')', '''[^'']*''|"[^"]*"| OR |[()]|[^''"() ]+| ', 'g') with ordinality as r (token, place)
          window up_to as (order by r.place)
        ) as t
        where t.token in ('(', ')', ' OR ')
      ) as m
      window inside as (partition by m.depth order by m.place)
    ) as b
    where b.divides or b.divided
  )
end;

-- A partition is read through its parent; where anybody may read it by itself lint partition_child_open says so.
call tenancy.ensure_view('our_tables', $view$
select
  c.oid,
  n.nspname::text as schema,
  c.relname,
  format('%I.%I', n.nspname, c.relname) as name,
  c.relrowsecurity as enabled,
  c.relforcerowsecurity as forced,
  c.relpersistence as persistence,
  c.relowner as owner,
  c.relacl as acl
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join tenancy.audited a
where n.nspname = any (a.table_schemas)
  and c.relkind in ('r', 'p')
  and (a.canonical or not c.relispartition)
$view$);

comment on view tenancy.our_tables is 'The tables of portal, platform and jobs.';

-- tenant_attnum: the number of the column that names the tenant; null: there is none.
call tenancy.ensure_view('tenant_tables', $view$
select
  t.oid,
  t.name,
  t.relname,
  a.tenant_column,
  col.attnum as tenant_attnum
from tenancy.our_tables t
cross join tenancy.audited a
left join pg_attribute col on col.attrelid = t.oid and col.attname = a.tenant_column and not col.attisdropped
where t.schema = any (a.tenant_schemas)
  and (a.canonical or col.attnum is not null)
$view$);

comment on view tenancy.tenant_tables is 'Every ordinary or partitioned table of schema portal.';

-- The roles that must obey row security: those of the API, and those of DBAs that are ours.
call tenancy.ensure_view('walled_roles', $view$
select r.oid, r.rolname::text as name
from pg_roles r
cross join tenancy.audited a
where r.rolname = any (a.roles)
$view$);

comment on view tenancy.walled_roles is 'Roles that own nothing, bypass nothing and can become nobody.';

call tenancy.ensure_view('context_settings', $view$
select unnest(a.settings) as setting
from tenancy.audited a
$view$);

comment on view tenancy.context_settings is 'The settings of our own that functions and policies may read; tenancy.enter sets those of the context.';

call tenancy.ensure_view('stray_tables', $view$
select t.oid, t.name
from tenancy.our_tables t
cross join tenancy.audited a
where t.schema = any (a.tenant_schemas)
  and not exists (
    select
    from pg_roles r
    where not r.rolsuper
      and r.rolname !~ '^pg_'
      and r.rolname <> all (a.backup_roles) -- which copy all
      and not pg_has_role(r.oid, t.owner, 'usage')
      and (has_table_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        or has_any_column_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE, REFERENCES')))
$view$);

comment on view tenancy.stray_tables is 'Tables of portal that nobody but their owner can reach: made by hand, and given to nobody yet.';

-- using_holds, check_holds: no row passes but those of the entered tenant. Where walls are not all the same text, the comparison
-- stands beside every OR, or in each of its operands.
call tenancy.ensure_view('policies', $view$
select
  p.oid,
  t.oid as table_oid,
  t.schema,
  t.name as table_name,
  p.polname::text as name,
  p.polpermissive as permissive,
  p.polcmd as command,
  p.polroles as roles,
  e.using_expr,
  e.check_expr,
  case
    when a.canonical then position(a.wall in e.using_expr) > 0
    else e.using_expr ~ a.compares and (
      select not bool_or(d ~ a.compares) or bool_and(d ~ a.compares) from unnest(tenancy.disjuncts(e.using_expr)) as d)
  end as using_holds,
  case
    when a.canonical then position(a.wall in e.check_expr) > 0
    else e.check_expr ~ a.compares and (
      select not bool_or(d ~ a.compares) or bool_and(d ~ a.compares) from unnest(tenancy.disjuncts(e.check_expr)) as d)
  end as check_holds
from pg_policy p
join tenancy.our_tables t on t.oid = p.polrelid
cross join tenancy.audited a
cross join lateral (
  select
    tenancy.expression(p.polqual, p.polrelid) as using_expr,
    tenancy.expression(p.polwithcheck, p.polrelid) as check_expr
  offset 0 -- each is printed once
) as e
$view$);

comment on view tenancy.policies is 'The policies of portal, platform and jobs, as PostgreSQL prints them.';

call tenancy.ensure_view('policy_expressions', $view$
select
  p.oid as policy_oid,
  p.table_oid,
  p.schema,
  p.table_name,
  p.name,
  p.permissive,
  p.roles,
  e.clause,
  e.expression,
  e.tree,
  md5(e.expression || e.tree) as text_id
from tenancy.policies p
join pg_policy raw on raw.oid = p.oid
cross join lateral (values
  ('using', p.using_expr, raw.polqual::text),
  ('with check', p.check_expr, raw.polwithcheck::text)
) as e (clause, expression, tree)
where e.expression is not null
$view$);

comment on view tenancy.policy_expressions is 'USING and WITH CHECK of the policies, one row each.';

-- Most policies of a database say the same. What is looked for in their texts is looked for once in each.
call tenancy.ensure_view('policy_texts', $view$
select t.text_id, t.expression, t.tree, regexp_replace(t.expression, '''[^'']*''', '''''', 'g') as code
from (select distinct e.text_id, e.expression, e.tree from tenancy.policy_expressions e) as t
$view$);

comment on view tenancy.policy_texts is 'What the policies say, each once; code is the expression without its texts.';

-- A wall that stands: nothing that is made beside it can let in another customer's row.
call tenancy.ensure_view('walls', $view$
select p.table_oid, p.name
from tenancy.policies p
cross join tenancy.audited a
where not p.permissive
  and p.command = '*'
  and p.roles = '{0}'
  and p.using_holds
  and coalesce(p.check_holds, true)
  and (not a.canonical or p.using_expr = a.wall and coalesce(p.check_expr, p.using_expr) = a.wall)
$view$);

comment on view tenancy.walls is 'Restrictive policies to everyone, for every command, with the canonical expression.';

-- The functions that a policy calls. PostgreSQL keeps no dependency on functions of its own, so they
-- are read from the expression.
call tenancy.ensure_view('policy_functions', $view$
select distinct e.table_name, e.name, f.oid as function_oid
from (
  select distinct x.text_id, m.ids[1]::oid as oid
  from tenancy.policy_texts x
  cross join lateral regexp_matches(x.tree, ':(?:op)?funcid ([0-9]+)', 'g') as m (ids)
) as called
join pg_proc f on f.oid = called.oid
join tenancy.policy_expressions e using (text_id)
$view$);

-- Functions that somebody wrote: neither PostgreSQL's own nor an extension's. Whoever hangs a definer function on an extension
-- does not hide it.
call tenancy.ensure_view('written_functions', $view$
select
  p.oid,
  n.nspname::text as schema,
  p.proname::text as name,
  format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as signature,
  p.prosecdef as definer,
  p.provolatile as volatility,
  p.proleakproof as leakproof,
  p.proowner as owner,
  p.prolang as language,
  p.proconfig as config,
  p.proacl as acl,
  coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where p.oid >= 16384 -- not PostgreSQL's own, whatever schema they are in
  and n.nspname !~ '^pg_(toast|temp)'
  and (p.prosecdef or not exists (
    select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'))
$view$);

comment on view tenancy.written_functions is 'Functions of the database, without those of PostgreSQL and, but for definer functions, of extensions.';

-- Functions from which an expression runs a statement, such as CALL or SET. The gate has the same.
call tenancy.ensure_view('statement_runners', $view$
select p.oid, p.pronamespace as schema, d.danger
from pg_proc p
join pg_language l on l.oid = p.prolang
left join pg_depend e on e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e'
left join pg_extension x on x.oid = e.refobjid
cross join tenancy.audited a
cross join lateral (
  select case
    when x.extname in ('dblink', 'pg_background', 'pg_cron', 'pg_task', 'plproxy') then 'is of an extension that runs statements'
    when x.extname is null and l.lanname not in ('sql', 'plpgsql') then 'is written in ' || l.lanname
    when regexp_replace(p.prosrc, '--[^\n]*|/\*.*?\*/', '', 'g') ~* ('\m(call|execute)\M|\mdo\s+(language\s+\S+\s+)?(e?''|\$)|\mset\s+(local\s+|session\s+)?"?' || split_part(a.context, '.', 1) || '"?\.')
      then 'says CALL, EXECUTE, DO or SET'
  end as danger) as d
where p.oid >= 16384 -- not PostgreSQL's own
  and p.prokind <> 'p'
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
  and d.danger is not null
$view$);

comment on view tenancy.statement_runners is 'Functions that run statements: no role of the API may execute one, or an expression could enter another customer.';

-- The columns of each unique index, in order; an expression counts as (expression).
call tenancy.ensure_view('unique_keys', $view$
select
  t.oid as table_oid,
  t.schema,
  t.relname::text as relname,
  t.name as table_name,
  x.relname::text as index_name,
  k.columns,
  array_to_string(k.columns, ', ') as column_list,
  i.indexrelid as index_oid
from tenancy.our_tables t
join pg_index i on i.indrelid = t.oid and (i.indisunique or i.indisexclusion)
join pg_class x on x.oid = i.indexrelid
cross join lateral (
  select array_agg(coalesce(a.attname::text, '(expression)') order by part.place) as columns
  from unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality as part (attnum, place)
  left join pg_attribute a on a.attrelid = t.oid and a.attnum = part.attnum and part.attnum <> 0
) as k
$view$);

comment on view tenancy.unique_keys is 'Primary keys, unique and exclusion constraints and unique indexes of portal and platform.';

-- Foreign keys between tables that both have a customer. paired: customer_id points at customer_id.
call tenancy.ensure_view('tenant_references', $view$
select
  k.oid,
  k.conname::text as name,
  child.oid as child_oid,
  child.schema as child_schema,
  child.name as child_name,
  parent.name as parent_name,
  c.attnotnull as customer_not_null,
  c.attnum = any (k.conkey) as carried,
  exists (
    select from unnest(k.conkey, k.confkey) as pair (child_column, parent_column)
    where (pair.child_column, pair.parent_column) = (c.attnum, p.attnum)) as paired,
  k.confdeltype as on_delete,
  k.confupdtype as on_update,
  k.confdelsetcols as set_columns,
  c.attnum as customer_column,
  k.confmatchtype as match_type,
  cardinality(k.conkey) as width,
  a.tenant_column
from pg_constraint k
join tenancy.our_tables child on child.oid = k.conrelid
join tenancy.our_tables parent on parent.oid = k.confrelid
cross join tenancy.audited a
join pg_attribute c on c.attrelid = child.oid and c.attname = a.tenant_column and not c.attisdropped
join pg_attribute p on p.attrelid = parent.oid and p.attname = a.tenant_column and not p.attisdropped
where k.contype = 'f'
  and not exists (
    select from tenancy.other_references o where (o.table_name, o.constraint_name) = (child.name, k.conname::text))
$view$);

comment on view tenancy.tenant_references is 'Foreign keys between tables with a customer, and whether they carry it.';
