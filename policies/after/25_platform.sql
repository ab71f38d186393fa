-- The tables of platform: one policy for each role that is granted anything. A grant without a
-- policy sees nothing, because row security is forced.
--   own        portal_app: rows of the customer it entered
--   persons    portal_app: those of them that belong to the person who acts
--   operators  portal_platform: rows of the operator who acts, outside of any customer
--   all        every row, limited by the columns and commands granted
-- and the bars of tenancy.bars, which narrow it.

do $$
declare
  t record;
begin
  for t in
    select c.oid::regclass as name, c.relname
    from pg_class c
    where c.relnamespace = 'platform'::regnamespace
      and c.relkind in ('r', 'p')
  loop
    call tenancy.ensure_row_security(t.name);
  end loop;

  for t in
    select format('platform.%I', a.table_name)::regclass as name, a.role, a.rows, a.expression
    from tenancy.platform_access a
  loop
    call tenancy.ensure_policy(t.name, t.role || '_' || t.rows, 'permissive', 'all', array[t.role], t.expression, t.expression);
  end loop;

  call tenancy.ensure_bars('platform');

  for t in
    select c.oid::regclass as name, array(
      select a.role || '_' || a.rows from tenancy.platform_access a where a.table_name = c.relname
      union all
      select b.name from tenancy.bars b where b.table_name = format('platform.%I', c.relname)) as policies
    from pg_class c
    where c.relnamespace = 'platform'::regnamespace
      and c.relkind in ('r', 'p')
  loop
    call tenancy.drop_other_policies(t.name, t.policies);
  end loop;
end
$$;
