-- The catalogue as the audit reads it. Names carry their schema and expressions are printed under a
-- fixed search_path, so that the audit says the same whoever asks.

create or replace function tenancy.expression(tree pg_node_tree, relation oid) returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return pg_get_expr(tree, relation);
end
$$;

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
-- without OR is its own only operand.
create or replace function tenancy.disjuncts(expression text) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  starts int[] := array[1]; -- where the present operand of each open parenthesis begins
  split boolean[] := array[false]; -- has an OR been seen in it?
  depth int := 1;
  quote text := '';
  c text;
  found text[] := '{}';
begin
  if expression !~ ' OR ' then
    return array[expression];
  end if;
  for i in 1 .. length(expression) loop
    c := substr(expression, i, 1);
    if quote <> '' then
      quote := case when c = quote then '' else quote end;
    elsif c in ('''', '"') then
      quote := c;
    elsif c = '(' then
      depth := depth + 1;
      starts[depth] := i + 1;
      split[depth] := false;
    elsif c = ')' then
      if split[depth] then
        found := found || substr(expression, starts[depth], i - starts[depth]);
      end if;
      depth := depth - 1;
    elsif c = ' ' and substr(expression, i, 4) = ' OR ' then
      found := found || substr(expression, starts[depth], i - starts[depth]);
      starts[depth] := i + 4;
      split[depth] := true;
    end if;
  end loop;
  if split[1] then
    found := found || substr(expression, starts[1]);
  end if;
  return found;
end
$$;

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
where n.nspname in ('portal', 'platform', 'jobs')
  and c.relkind in ('r', 'p')
$view$);

comment on view tenancy.our_tables is 'The tables of portal and platform.';

call tenancy.ensure_view('stray_tables', $view$
select t.oid, t.name
from tenancy.our_tables t
where t.schema = 'portal'
  and not exists (
    select
    from pg_roles r
    where not r.rolsuper
      and r.rolname !~ '^pg_'
      and r.rolname <> 'portal_backup' -- which copies all
      and not pg_has_role(r.oid, t.owner, 'usage')
      and (has_table_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        or has_any_column_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE, REFERENCES')))
$view$);

comment on view tenancy.stray_tables is 'Tables of portal that nobody but their owner can reach: made by hand, and given to nobody yet.';

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
  tenancy.expression(p.polqual, p.polrelid) as using_expr,
  tenancy.expression(p.polwithcheck, p.polrelid) as check_expr
from pg_policy p
join tenancy.our_tables t on t.oid = p.polrelid
$view$);

comment on view tenancy.policies is 'The policies of portal and platform, as PostgreSQL prints them.';

call tenancy.ensure_view('policy_expressions', $view$
select
  p.oid as policy_oid,
  t.oid as table_oid,
  t.schema,
  t.name as table_name,
  p.polname::text as name,
  p.polpermissive as permissive,
  p.polroles as roles,
  e.clause,
  e.expression,
  regexp_replace(e.expression, '''[^'']*''', '''''', 'g') as code,
  e.tree
from pg_policy p
join tenancy.our_tables t on t.oid = p.polrelid
cross join lateral (values
  ('using', tenancy.expression(p.polqual, p.polrelid), p.polqual::text),
  ('with check', tenancy.expression(p.polwithcheck, p.polrelid), p.polwithcheck::text)
) as e (clause, expression, tree)
where e.expression is not null
$view$);

comment on view tenancy.policy_expressions is 'USING and WITH CHECK of the policies, one row each; code is the expression without its texts.';

-- A wall that stands: nothing that is made beside it can let in another customer's row.
call tenancy.ensure_view('walls', $view$
select p.table_oid, p.name
from tenancy.policies p
where not p.permissive
  and p.command = '*'
  and p.roles = '{0}'
  and p.using_expr = tenancy.wall()
  and coalesce(p.check_expr, p.using_expr) = tenancy.wall()
$view$);

comment on view tenancy.walls is 'Restrictive policies to everyone, for every command, with the canonical expression.';

-- The functions that a policy calls. PostgreSQL keeps no dependency on functions of its own, so they
-- are read from the expression.
call tenancy.ensure_view('policy_functions', $view$
select distinct e.table_name, e.name, f.oid as function_oid
from tenancy.policy_expressions e
cross join lateral regexp_matches(e.tree, ':(?:op)?funcid ([0-9]+)', 'g') as m (ids)
join pg_proc f on f.oid = m.ids[1]::oid
$view$);

-- Functions that somebody wrote: neither PostgreSQL's own nor an extension's.
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
where n.nspname <> 'information_schema'
  and n.nspname !~ '^pg_(catalog|toast|temp)'
  and not exists (
    select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
$view$);

comment on view tenancy.written_functions is 'Functions of the database, without those of PostgreSQL and of extensions.';

-- Functions from which an expression runs a statement, such as CALL or SET. The gate has the same.
call tenancy.ensure_view('statement_runners', $view$
select p.oid, p.pronamespace as schema, d.danger
from pg_proc p
join pg_language l on l.oid = p.prolang
left join pg_depend e on e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e'
left join pg_extension x on x.oid = e.refobjid
cross join lateral (
  select case
    when x.extname in ('dblink', 'pg_background', 'pg_cron', 'pg_task', 'plproxy') then 'is of an extension that runs statements'
    when x.extname is null and l.lanname not in ('sql', 'plpgsql') then 'is written in ' || l.lanname
    when regexp_replace(p.prosrc, '--[^\n]*|/\*.*?\*/', '', 'g') ~* '\m(call|execute)\M|\mdo\s+(language\s+\S+\s+)?(e?''|\$)|\mset\s+(local\s+|session\s+)?"?app"?\.'
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
  array_to_string(k.columns, ', ') as column_list
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
  cardinality(k.conkey) as width
from pg_constraint k
join tenancy.our_tables child on child.oid = k.conrelid
join tenancy.our_tables parent on parent.oid = k.confrelid
join pg_attribute c on c.attrelid = child.oid and c.attname = 'customer_id' and not c.attisdropped
join pg_attribute p on p.attrelid = parent.oid and p.attname = 'customer_id' and not p.attisdropped
where k.contype = 'f'
  and not exists (
    select from tenancy.other_references o where (o.table_name, o.constraint_name) = (child.name, k.conname::text))
$view$);

comment on view tenancy.tenant_references is 'Foreign keys between tables with a customer, and whether they carry it.';
