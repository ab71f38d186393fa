-- Grants come after the walls: a table that has none is a table nobody can reach. They are taken
-- away and given anew in one transaction, so what is not written here does not hold. Neither takes a
-- lock on a table.

do $$
declare
  t record;
  r text;
begin
  for t in
    select c.oid::regclass as name, c.relnamespace::regnamespace::text as schema
    from pg_class c
    where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace, 'tenancy'::regnamespace)
      and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and exists (
        select from aclexplode(c.relacl) a where a.grantee <> c.relowner
        union all
        select from pg_attribute col, aclexplode(col.attacl) a where col.attrelid = c.oid and a.grantee <> c.relowner)
  loop
    execute format('revoke all on table %s from public', t.name);
    for r in
      select rolname
      from pg_roles
      where rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_inspector', 'portal_auditor', 'portal_definer', 'portal_backup')
    loop
      execute format('revoke all on table %s from %I', t.name, r);
    end loop;
  end loop;

  -- Tenant tables: every column may be read; the key is never written by hand.
  for t in
    select
      c.oid::regclass as name,
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attname not in ('id', 'customer_id') and a.attgenerated = '') as written,
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attname not in ('id', 'customer_id', 'created_at') and a.attgenerated = '') as changed,
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where s.column_name is null) as inspected
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join tenancy.secret_columns s on s.table_name = c.oid::regclass::text and s.column_name = a.attname
    where c.relnamespace = 'portal'::regnamespace
      and c.relkind in ('r', 'p')
      and exists (
        select from pg_policy p
        where p.polrelid = c.oid and not p.polpermissive and pg_get_expr(p.polqual, p.polrelid) = tenancy.wall())
    group by c.oid
  loop
    execute format('grant %s on %s to portal_app',
      concat_ws(', ', 'select', 'insert (' || t.written || ')', 'update (' || t.changed || ')', 'delete'), t.name);
    execute format('grant select (%s) on %s to portal_inspector', t.inspected, t.name);
  end loop;
end
$$;

-- The shapes: whoever reads one needs the grants on its tables too.
grant select on portal.properties, portal.usable_lists to portal_app, portal_inspector;

-- portal_app: of its own customer.
grant select on platform.customers, platform.usage, platform.audit_log to portal_app;
grant update (contact_name, contact_email, contact_phone, address, billing_email, timezone) on platform.customers to portal_app;
grant select (customer_id, user_id, email, role, status, confirmed_at, created_at, updated_at) on platform.logins to portal_app;
grant insert (customer_id, user_id, email, role, status) on platform.logins to portal_app;
grant update (password_hash, password_set_at, confirmed_at) on platform.logins to portal_app;
grant select (customer_id, id, user_id, provider, email) on platform.identities to portal_app;
grant select (customer_id, id, email, name, role, invited_by, invited_by_operator, expires_at, accepted_at, revoked_at, created_at) on platform.invitations to portal_app;
grant insert (customer_id, email, name, role, token_hash, invited_by, expires_at), update (revoked_at) on platform.invitations to portal_app;
grant select (customer_id, id, name, scopes, created_by, last_used_at, revoked_at, created_at) on platform.service_tokens to portal_app;
grant insert (customer_id, name, token_hash, scopes, created_by), update (revoked_at) on platform.service_tokens to portal_app;
grant insert (action, object_type, object_id, detail, request_id) on platform.audit_log to portal_app;
grant select, insert (key_hash, request_hash), update (request_hash, at, whole, media_type, file_name, body), delete on platform.idempotency_keys to portal_app;

-- portal_auth: before a customer is known.
grant select (customer_id, company_name, status, trial_ends_at, subdomain, timezone) on platform.customers to portal_auth;
grant select, update (password_hash, password_set_at, confirmed_at), insert (customer_id, user_id, email, role, status) on platform.logins to portal_auth;
grant select, insert (customer_id, user_id, provider, subject, email, email_verified), update (email, email_verified) on platform.identities to portal_auth;
grant select (id, email, name, status, password_hash, password_set_at), update (password_hash, last_login_at) on platform.operators to portal_auth;
grant select, insert (customer_id, user_id, role, operator_id, status, family_hash, refresh_hash, expires_at), update (refresh_hash, previous_hash, refreshed_at, revoked_at) on platform.sessions to portal_auth;
grant select, update (accepted_at) on platform.invitations to portal_auth;
grant select, update (last_used_at) on platform.service_tokens to portal_auth;
grant select on platform.receiving_numbers to portal_auth;
grant select, insert, delete on platform.login_states to portal_auth;
grant select, insert (email, address, device, outcome), delete on platform.login_attempts to portal_auth;
grant insert (action, object_type, object_id, detail, request_id) on platform.audit_log to portal_auth;
grant select (customer_id, id, name, email, role, status), insert (name, username, email, phone, role, requested_role, status, last_login_at), update (last_login_at) on portal.users to portal_auth;

-- portal_platform: operators.
grant select on platform.customers, platform.usage to portal_platform;
grant insert (customer_id, company_name, contact_name, contact_email, contact_phone, address, status, subscription_tier, max_users, max_properties, features, billing_email, timezone, subdomain, trial_ends_at) on platform.customers to portal_platform;
grant update (company_name, contact_name, contact_email, contact_phone, address, status, subscription_tier, max_users, max_properties, features, billing_email, timezone, subdomain, trial_ends_at) on platform.customers to portal_platform;
grant select (id, email, name, phone, address, default_equipment, status, last_login_at, created_at, updated_at) on platform.operators to portal_platform;
grant update (phone, address, default_equipment, password_hash, password_set_at) on platform.operators to portal_platform;
grant select (customer_id, id, email, name, role, invited_by_operator, expires_at, accepted_at, revoked_at, created_at) on platform.invitations to portal_platform;
grant insert (customer_id, email, name, role, token_hash, invited_by_operator, expires_at), update (revoked_at) on platform.invitations to portal_platform;
grant select (id, operator_id, parent_id, status, created_at, expires_at, revoked_at), insert (customer_id, role, operator_id, parent_id, status, expires_at), update (revoked_at) on platform.sessions to portal_platform;
grant select, insert (customer_id, action, object_type, object_id, detail, request_id) on platform.audit_log to portal_platform;
grant select, insert (key_hash, request_hash), update (request_hash, at, whole, media_type, file_name, body), delete on platform.idempotency_keys to portal_platform;

-- portal_definer: what tenancy.enter, the triggers and the starter sets need.
grant select on tenancy.schema_version to portal_definer;
grant select (customer_id, status, trial_ends_at, timezone, max_users, max_properties) on platform.customers to portal_definer;
grant select (customer_id, user_id, role, status) on platform.logins to portal_definer;
grant select (id, name) on platform.operators to portal_definer;
grant select (id, customer_id, user_id, role, operator_id, parent_id, status, expires_at, revoked_at), update (revoked_at) on platform.sessions to portal_definer;
grant select, insert (customer_id, users, properties), update (users, properties) on platform.usage to portal_definer;
grant insert (equipment_name, hourly_rate, description) on portal.equipment_rates to portal_definer;
grant insert (name, unit) on portal.winter_products, portal.landscape_products to portal_definer;

-- portal_auditor: the audit and no data. portal_definer: tenancy.state counts its errors.
do $$
declare
  v regclass;
begin
  for v in
    select c.oid::regclass from pg_class c where c.relnamespace = 'tenancy'::regnamespace and c.relkind = 'v'
  loop
    execute format('grant select on %s to portal_auditor, portal_definer', v);
  end loop;
  grant select on tenancy.baseline, tenancy.audit_exceptions to portal_auditor, portal_definer;

  -- All rows, read only.
  if exists (select from pg_roles where rolname = 'portal_backup') then
    grant usage on schema portal, platform, tenancy to portal_backup;
    grant select on all tables in schema portal, platform to portal_backup;
    grant select on all sequences in schema portal, platform to portal_backup;
    grant select on tenancy.schema_version, tenancy.audit_exceptions, tenancy.baseline to portal_backup;
  end if;
end
$$;
