-- The wall and the default door of every tenant table, by a loop over the catalogue: a new table
-- cannot be forgotten.
--
-- The wall is restrictive and to everyone: no other policy, made by whomever, widens it.
-- A door is permissive: it says which role may come in at all. The tables of the second list have a
-- narrower one, because a row there is dangerous inside the customer too.

do $$
declare
  t record;
begin
  for t in
    select c.oid::regclass as name, d.expression, d.reads_all
    from pg_class c
    left join tenancy.narrow_doors d on d.table_name = format('portal.%I', c.relname)
    where c.relnamespace = 'portal'::regnamespace
      and c.relkind in ('r', 'p')
  loop
    call tenancy.ensure_row_security(t.name);
    call tenancy.ensure_policy(t.name, 'wall', 'restrictive', 'all', array['public'], tenancy.wall(), tenancy.wall());
    call tenancy.ensure_policy(t.name, 'app_door', 'permissive', 'all', array['portal_app'],
      case when t.reads_all then tenancy.wall() else coalesce(t.expression, tenancy.wall()) end,
      coalesce(t.expression, tenancy.wall()));
    call tenancy.ensure_policy(t.name, 'inspector_door', 'permissive', 'select', array['portal_inspector'], tenancy.wall(), null);
    if t.name = 'portal.users'::regclass then
      -- A guest: stamping a log-in, a public sign-up, accepting an invitation. Grants say which columns.
      call tenancy.ensure_policy(t.name, 'guest_door', 'permissive', 'all', array['portal_auth'], tenancy.wall(), tenancy.wall());
      call tenancy.drop_other_policies(t.name, array['wall', 'app_door', 'inspector_door', 'guest_door']);
    else
      call tenancy.drop_other_policies(t.name, array['wall', 'app_door', 'inspector_door']);
    end if;
  end loop;
end
$$;
