-- A company keeps one active Admin, whatever is changed and by whom: without one nobody could add the
-- next. The lock is that of the count, so that of two Admins who lower each other at once the second
-- sees what the first has done. Logins equal users by now: their foreign key cascades before a
-- statement's triggers run. A customer that is erased loses its last one too.
create or replace function tenancy.keep_an_admin() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  companies text[];
  company text;
begin
  if tenancy.moves() then
    return null;
  end if;
  if tg_op = 'DELETE' then
    select array_agg(distinct r.customer_id order by r.customer_id) into companies
    from removed r
    where r.role = 'Admin' and r.status = 'active';
  else
    select array_agg(distinct r.customer_id order by r.customer_id) into companies
    from removed r
    where r.role = 'Admin' and r.status = 'active'
      and not exists (
        select from added a where (a.customer_id, a.id, a.role, a.status) = (r.customer_id, r.id, r.role, r.status));
  end if;
  foreach company in array coalesce(companies, '{}') loop
    perform from platform.usage u where u.customer_id = company for update;
    if not exists (
      select from platform.logins l where l.customer_id = company and l.role = 'Admin' and l.status = 'active'
    ) then
      raise exception 'the last active Admin' using errcode = 'TN006', constraint = 'company_keeps_an_active_admin';
    end if;
  end loop;
  return null;
end
$$;

do $$
begin
  call tenancy.ensure_trigger('portal.users',
    'CREATE TRIGGER keep_an_admin_changed AFTER UPDATE ON portal.users REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tenancy.keep_an_admin()');
  call tenancy.ensure_trigger('portal.users',
    'CREATE TRIGGER keep_an_admin_removed AFTER DELETE ON portal.users REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tenancy.keep_an_admin()');
end
$$;
