-- The walls, doors and bars of every table. Those of portal are made by a loop over the catalogue: a new table cannot be
-- forgotten.
--
-- The wall is restrictive and to everyone: no other policy, made by whomever, widens it.
-- A door is permissive: it says which role may come in at all. tenancy.narrow_doors are narrower,
-- because a row there is dangerous inside the customer too; tenancy.other_doors let in further roles;
-- tenancy.bars are restrictive again, for one command.
--
-- The tables of platform and of the job queue have a policy for each role that is granted anything, as
-- tenancy.platform_access says. A grant without a policy sees nothing, because row security is forced.

call tenancy.ensure_view('wanted_policies', $view$
select t.name as table_name, p.*
from tenancy.tenant_tables t
left join tenancy.narrow_doors n on n.table_name = t.name
cross join lateral (values
  ('wall'::text,      false, 'all'::text, array['public'], tenancy.wall(), tenancy.wall()),
  ('app_door',        true, 'all', array['portal_app', 'portal_worker'],
    case when n.reads_all then tenancy.wall() else coalesce(n.expression, tenancy.wall()) end, coalesce(n.expression, tenancy.wall())),
  ('mover_door',      true, 'all', array['portal_mover'], tenancy.wall(), tenancy.wall()),
  ('inspector_door',  true, 'select', array['portal_inspector'], tenancy.wall(), null)
) as p (name, permissive, command, roles, using_expr, check_expr)
union all
select o.table_name, o.name, true, o.command, array[o.role],
  case when o.command <> 'insert' then tenancy.wall() end, case when o.command <> 'select' then tenancy.wall() end
from tenancy.other_doors o
union all
select b.table_name, b.name, false, b.command, b.roles,
  case when b.command <> 'insert' then b.expression end, case when b.command = 'insert' then b.expression end
from tenancy.bars b
union all
select format('%I.%I', a.schema, a.table_name), a.role || '_' || a.rows, true, 'all', array[a.role], a.expression, a.expression
from tenancy.platform_access a
$view$);

comment on view tenancy.wanted_policies is 'Every policy that there should be, as the registers have it; expressions as PostgreSQL prints them.';

call tenancy.ensure_view('standing_policies', $view$
select
  p.table_name,
  p.name,
  p.permissive,
  case p.command when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end as command,
  array(select coalesce(r.rolname::text, 'public') from unnest(p.roles) as o left join pg_roles r on r.oid = o order by 1) as roles,
  p.using_expr,
  p.check_expr
from tenancy.policies p
$view$);

comment on view tenancy.standing_policies is 'Every policy that there is, in the words of tenancy.wanted_policies.';

call tenancy.ensure_view('policy_differences', $view$
select
  coalesce(have.table_name, want.table_name) as table_name,
  coalesce(have.name, want.name) as name,
  coalesce(have.permissive, want.permissive) as permissive,
  case
    when have.name is null then format('policy %s is missing', want.name)
    when want.name is null then format('policy %s is not registered: for %s to %s, using %s, check %s', have.name, have.command, array_to_string(have.roles, ', '),
      coalesce(have.using_expr, 'nothing'), coalesce(have.check_expr, 'nothing'))
    else format('policy %s differs: %s', have.name, concat_ws('; ',
      case when have.permissive <> want.permissive then case when have.permissive then 'permissive, registered as restrictive' else 'restrictive, registered as permissive' end end,
      case when have.command <> want.command then format('for %s, registered for %s', have.command, want.command) end,
      case when have.roles <> want.roles then format('to %s, registered to %s', array_to_string(have.roles, ', '), array_to_string(want.roles, ', ')) end,
      case when have.using_expr is distinct from want.using_expr then format('using %s, registered %s', coalesce(have.using_expr, 'nothing'), coalesce(want.using_expr, 'nothing')) end,
      case when have.check_expr is distinct from want.check_expr then format('check %s, registered %s', coalesce(have.check_expr, 'nothing'), coalesce(want.check_expr, 'nothing')) end))
  end as difference
from tenancy.standing_policies have
full join tenancy.wanted_policies want on (have.table_name, have.name) = (want.table_name, want.name)
where have.name is null
  or want.name is null
  or (have.permissive, have.command, have.roles) <> (want.permissive, want.command, want.roles)
  or have.using_expr is distinct from want.using_expr
  or have.check_expr is distinct from want.check_expr
$view$);

comment on view tenancy.policy_differences is 'Policies that are missing, that no register names, or that are otherwise than registered.';

do $$
declare
  t record;
  p record;
  unfit text;
begin
  -- What the wall compares must be there. All tables without it are named at once.
  select string_agg(format('%s: %s', f.name, f.fault), ', ' order by f.name) into unfit
  from (
    select tables.name, case
      when a.attnum is null then 'there is no column customer_id'
      when a.atttypid <> 'text'::regtype then format('customer_id is %s, not text', format_type(a.atttypid, a.atttypmod))
      when not a.attnotnull then 'customer_id may be null'
    end as fault
    from tenancy.tenant_tables tables
    left join pg_attribute a on a.attrelid = tables.oid and a.attname = 'customer_id' and not a.attisdropped
  ) as f
  where f.fault is not null;
  if unfit is not null then
    raise exception 'no wall fits %', unfit using errcode = 'TN014',
      hint = 'take the migration back (portal migrate down, or an empty database) and write: customer_id text not null default tenancy.customer_id()';
  end if;

  for t in
    select o.oid::regclass as target, o.name, array(select w.name from tenancy.wanted_policies w where w.table_name = o.name) as policies
    from tenancy.our_tables o
  loop
    call tenancy.ensure_row_security(t.target);
    for p in
      select w.* from tenancy.wanted_policies w where w.table_name = t.name order by w.name
    loop
      call tenancy.ensure_policy(t.target, p.name, case when p.permissive then 'permissive' else 'restrictive' end, p.command, p.roles, p.using_expr, p.check_expr);
    end loop;
    call tenancy.drop_other_policies(t.target, t.policies);
  end loop;
end
$$;
