-- The schemas open to the roles of the API, behind walls and grants. "portal migrate to N" below the newest
-- version shuts them (close.sql): tables without their walls' newest form are not served.
grant usage on schema portal to portal_app, portal_auth, portal_worker, portal_mover, portal_inspector, portal_definer;
grant usage on schema platform to portal_app, portal_auth, portal_platform, portal_worker, portal_mover, portal_definer;
grant usage on schema jobs to portal_worker, portal_mover, portal_definer;
