-- The wall and the default door of every tenant table, by a loop over the catalogue: a new table
-- cannot be forgotten.
--
-- The wall is restrictive and to everyone: no other policy, made by whomever, widens it.
-- A door is permissive: it says which role may come in at all. tenancy.narrow_doors are narrower,
-- because a row there is dangerous inside the customer too; tenancy.other_doors let in further roles;
-- tenancy.bars are restrictive again, for one command.

do $$
declare
  t record;
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
    select c.oid::regclass as name, d.expression, d.reads_all
    from pg_class c
    left join tenancy.narrow_doors d on d.table_name = format('portal.%I', c.relname)
    where c.relnamespace = 'portal'::regnamespace
      and c.relkind in ('r', 'p')
  loop
    call tenancy.ensure_row_security(t.name);
    call tenancy.ensure_policy(t.name, 'wall', 'restrictive', 'all', array['public'], tenancy.wall(), tenancy.wall());
    call tenancy.ensure_policy(t.name, 'app_door', 'permissive', 'all', array['portal_app', 'portal_worker'],
      case when t.reads_all then tenancy.wall() else coalesce(t.expression, tenancy.wall()) end,
      coalesce(t.expression, tenancy.wall()));
    call tenancy.ensure_policy(t.name, 'mover_door', 'permissive', 'all', array['portal_mover'], tenancy.wall(), tenancy.wall());
    call tenancy.ensure_policy(t.name, 'inspector_door', 'permissive', 'select', array['portal_inspector'], tenancy.wall(), null);
  end loop;

  for t in
    select d.table_name::regclass as table_name, d.name, d.role, d.command
    from tenancy.other_doors d
  loop
    call tenancy.ensure_policy(t.table_name, t.name, 'permissive', t.command, array[t.role],
      case when t.command <> 'insert' then tenancy.wall() end, case when t.command <> 'select' then tenancy.wall() end);
  end loop;

  call tenancy.ensure_bars('portal');

  for t in
    select c.oid::regclass as name, array(
      select d.name from tenancy.other_doors d where d.table_name = format('portal.%I', c.relname)
      union all
      select b.name from tenancy.bars b where b.table_name = format('portal.%I', c.relname)) as doors
    from pg_class c
    where c.relnamespace = 'portal'::regnamespace
      and c.relkind in ('r', 'p')
  loop
    call tenancy.drop_other_policies(t.name, array['wall', 'app_door', 'mover_door', 'inspector_door'] || t.doors);
  end loop;
end
$$;
