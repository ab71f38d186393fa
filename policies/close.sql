-- Below the newest version of the schema nothing is served, and the shapes do not stand in the way of the tables
-- that they show.
revoke usage on schema portal from portal_app, portal_auth, portal_inspector, portal_definer;
revoke usage on schema platform from portal_app, portal_auth, portal_platform, portal_definer;

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
