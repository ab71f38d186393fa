-- What the audit is of: where the tables of the tenants are, how a row names its tenant and a session enters one, and whom
-- row security must hold. The catalogue and the lints read it here. portal audit --database asks the same of a database
-- that is not the portal's, with other values in this place.
call tenancy.ensure_view('audited', $view$
select
  true as canonical, -- every table of tenant_schemas is a tenant's, and its wall is the text below, letter by letter
  array['portal'] as tenant_schemas,
  array['portal', 'platform', 'jobs'] as table_schemas, -- every table has row security
  array['portal', 'platform', 'jobs', 'tenancy'] as schemas, -- nobody else owns anything, and public may nothing
  'customer_id'::text as tenant_column,
  'text'::text as tenant_type,
  tenancy.wall() as wall,
  null::text as compares, -- the pattern of an expression that compares the column with the context, where walls are not all the same
  'app.customer_id'::text as context, -- the setting with the tenant
  array['app.customer_id', 'app.user_id', 'app.role', 'app.acting_as', 'app.service_id', 'app.session_id', 'tenancy.installing'] as settings,
  'tenancy\.\w+'::text as readers, -- the functions that read the context, as a pattern of their names in an expression
  'customer_id|user_id|role|acting_as|service_id|session_id'::text as reader_names, -- and in a body
  array['portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor'] as roles,
  array['portal_app', 'portal_auth', 'portal_platform', 'portal_worker'] as servers, -- whose statements a server writes
  array['portal_mover'] as silent_roles, -- do not log in
  array['portal_backup'] as backup_roles, -- see every row
  'portal_owner'::text as owner,
  'portal_definer'::text as definer
$view$);

comment on view tenancy.audited is 'What the audit is of: schemas, the column and the setting of the tenant, roles.';

