-- updated_at moves on change.
create or replace function tenancy.touch() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

do $$
declare
  t record;
begin
  for t in
    select c.oid::regclass as name, n.nspname, c.relname
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'updated_at' and not a.attisdropped
    where n.nspname in ('portal', 'platform')
      and c.relkind in ('r', 'p')
  loop
    call tenancy.ensure_trigger(t.name,
      format('CREATE TRIGGER touch BEFORE UPDATE ON %I.%I FOR EACH ROW EXECUTE FUNCTION tenancy.touch()', t.nspname, t.relname));
  end loop;
end
$$;
