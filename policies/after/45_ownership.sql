-- Everything belongs to portal_owner, which cannot log in and is walled like all others.
do $$
declare
  o record;
begin
  for o in
    select n.nspname
    from pg_namespace n
    where n.nspname in ('portal', 'platform', 'jobs', 'tenancy')
      and n.nspowner <> 'portal_owner'::regrole
  loop
    execute format('alter schema %I owner to portal_owner', o.nspname);
  end loop;

  -- A sequence that belongs to a column follows its table.
  for o in
    select c.oid::regclass as name, c.relkind
    from pg_class c
    where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace, 'jobs'::regnamespace, 'tenancy'::regnamespace)
      and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      and c.relowner <> 'portal_owner'::regrole
      and not (c.relkind = 'S' and exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')))
  loop
    execute format('alter %s %s owner to portal_owner',
      case o.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
      o.name);
  end loop;
end
$$;

-- What the installer keeps has no key: a publication of all tables would make PostgreSQL refuse its changes.
do $$
declare
  t regclass;
begin
  for t in
    select c.oid
    from pg_class c
    where c.relnamespace = 'tenancy'::regnamespace
      and c.relkind = 'r'
      and c.relreplident <> 'f'
      and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
  loop
    execute format('alter table %s replica identity full', t);
  end loop;
end
$$;
