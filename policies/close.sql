-- Below the newest version of the schema nothing is served.
revoke usage on schema portal from portal_app, portal_auth, portal_inspector, portal_definer;
revoke usage on schema platform from portal_app, portal_auth, portal_platform, portal_definer;
