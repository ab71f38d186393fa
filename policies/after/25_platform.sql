-- The tables of platform, and of the job queue: one policy for each role that is granted anything. A grant without a
-- policy sees nothing, because row security is forced.
--   own        portal_app, portal_worker, portal_mover: rows of the customer it entered
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
    where c.relnamespace in ('platform'::regnamespace, 'jobs'::regnamespace)
      and c.relkind in ('r', 'p')
  loop
    call tenancy.ensure_row_security(t.name);
  end loop;

  for t in
    select format('%I.%I', a.schema, a.table_name)::regclass as name, a.role, a.rows, a.expression
    from tenancy.platform_access a
  loop
    call tenancy.ensure_policy(t.name, t.role || '_' || t.rows, 'permissive', 'all', array[t.role], t.expression, t.expression);
  end loop;

  call tenancy.ensure_bars('platform');

  for t in
    select c.oid::regclass as name, array(
      select a.role || '_' || a.rows from tenancy.platform_access a where (a.schema, a.table_name) = (c.relnamespace::regnamespace::text, c.relname)
      union all
      select b.name from tenancy.bars b where b.table_name = c.oid::regclass::text) as policies
    from pg_class c
    where c.relnamespace in ('platform'::regnamespace, 'jobs'::regnamespace)
      and c.relkind in ('r', 'p')
  loop
    call tenancy.drop_other_policies(t.name, t.policies);
  end loop;
end
$$;
