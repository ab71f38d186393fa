-- Below the newest version of the schema nothing is served, and the shapes do not stand in the way of the tables
-- that they show.
revoke usage on schema portal from portal_app, portal_auth, portal_worker, portal_mover, portal_inspector, portal_definer;
revoke usage on schema platform from portal_app, portal_auth, portal_platform, portal_worker, portal_mover, portal_definer;
revoke usage on schema jobs from portal_worker, portal_mover, portal_definer;

do $$
declare
  shape regclass;
begin
  for shape in
    select oid from pg_class where relnamespace = 'portal'::regnamespace and relkind = 'v'
  loop
    execute format('drop view %s', shape);
  end loop;
end
$$;

-- It names a column that a migration takes away on its way down; portal migrate up makes it anew.
do $$
begin
  if to_regclass('jobs.river_job') is not null then
    drop policy if exists portal_mover_own on jobs.river_job;
  end if;
end
$$;
