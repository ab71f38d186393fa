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
    where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace, 'jobs'::regnamespace, 'tenancy'::regnamespace)
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
      where rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor', 'portal_definer', 'portal_backup')
    loop
      execute format('revoke all on table %s from %I', t.name, r);
    end loop;
  end loop;

  -- Tenant tables: every column may be read; the key is never written by hand.
  for t in
    select
      c.oid::regclass as name,
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attname not in ('id', 'customer_id') and a.attgenerated = '') as written,
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attname <> 'customer_id' and a.attgenerated = '') as moved,
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attname not in ('id', 'customer_id', 'created_at') and a.attgenerated = '') as changed,
      string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where s.column_name is null or 'portal_mover' = any (s.readers)) as packed,
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
    -- A job may inside its customer what a request may.
    execute format('grant %s on %s to portal_app, portal_worker',
      concat_ws(', ', 'select', 'insert (' || t.written || ')', 'update (' || t.changed || ')', 'delete'), t.name);
    -- Who moves a customer brings the keys of its rows along.
    execute format('grant %s on %s to portal_mover',
      concat_ws(', ', 'select (' || t.packed || ')', 'insert (' || t.moved || ')', 'update (' || t.changed || ')', 'delete'), t.name);
    execute format('grant select (%s) on %s to portal_inspector', t.inspected, t.name);
  end loop;
end
$$;

-- The shapes: whoever reads one needs the grants on its tables too.
grant select on portal.properties, portal.usable_lists to portal_app, portal_worker, portal_inspector;

-- portal_app: of its own customer.
grant select on platform.customers, platform.usage, platform.audit_log to portal_app;
grant update (contact_name, contact_email, contact_phone, address, billing_email, timezone, sign_on_only) on platform.customers to portal_app;
grant select (customer_id, user_id, email, role, status, confirmed_at, created_at, updated_at) on platform.logins to portal_app;
grant insert (customer_id, user_id, email, role, status) on platform.logins to portal_app;
grant update (password_hash, password_set_at, confirmed_at) on platform.logins to portal_app;
grant select (customer_id, id, user_id, provider, email, created_at), delete on platform.identities to portal_app;
grant select (customer_id, id, email, name, role, invited_by, invited_by_operator, expires_at, accepted_at, revoked_at, created_at) on platform.invitations to portal_app;
grant insert (customer_id, email, name, role, token_hash, invited_by, expires_at), update (revoked_at) on platform.invitations to portal_app;
grant select (customer_id, id, name, scopes, created_by, last_used_at, revoked_at, created_at) on platform.service_tokens to portal_app;
grant insert (customer_id, name, token_hash, scopes, created_by), update (revoked_at) on platform.service_tokens to portal_app;
grant insert (action, object_type, object_id, detail, request_id) on platform.audit_log to portal_app;
grant select, insert (key_hash, request_hash), update (request_hash, at, whole, media_type, file_name, body), delete on platform.idempotency_keys to portal_app;

-- portal_mover: a customer as a whole. What is not moved it may delete.
grant select, delete,
  insert (customer_id, company_name, contact_name, contact_email, contact_phone, address, status, subscription_tier, max_users, max_properties, features, billing_email, timezone, subdomain, trial_ends_at, created_at, updated_at, sign_on_only),
  update (company_name, contact_name, contact_email, contact_phone, address, status, subscription_tier, max_users, max_properties, features, billing_email, timezone, subdomain, trial_ends_at, sign_on_only)
  on platform.customers to portal_mover;
grant select (customer_id, user_id, email, role, status, password_hash, password_set_at, confirmed_at, created_at, updated_at), delete, insert (user_id, email, role, status, password_hash, password_set_at, confirmed_at, created_at, updated_at), update (password_hash, password_set_at, confirmed_at)
  on platform.logins to portal_mover;
grant select, delete, insert (id, user_id, provider, subject, email, email_verified, created_at, updated_at) on platform.identities to portal_mover;
grant select (customer_id, id, name, token_hash, scopes, created_by, last_used_at, revoked_at, created_at), delete, insert (id, name, token_hash, scopes, created_by, last_used_at, revoked_at, created_at) on platform.service_tokens to portal_mover;
grant select, delete, insert (id, at, actor_user_id, actor_operator_id, actor_service_id, actor_role, actor_name, action, object_type, object_id, detail, request_id) on platform.audit_log to portal_mover;
grant delete on platform.usage, platform.sessions, platform.login_states, platform.invitations, platform.receiving_numbers, platform.idempotency_keys, jobs.river_job to portal_mover;

-- portal_auth: before a customer is known.
grant select (customer_id, company_name, status, trial_ends_at, subdomain, timezone, sign_on_only) on platform.customers to portal_auth;
grant select, update (password_hash, password_set_at, confirmed_at), insert (customer_id, user_id, email, role, status) on platform.logins to portal_auth;
grant select, insert (customer_id, user_id, provider, subject, email, email_verified), update (email, email_verified) on platform.identities to portal_auth;
grant select (id, email, name, status, password_hash, password_set_at), update (password_hash, last_login_at) on platform.operators to portal_auth;
grant select, insert (customer_id, user_id, role, operator_id, service_token_id, status, family_hash, refresh_hash, expires_at), update (refresh_hash, previous_hash, refreshed_at, revoked_at) on platform.sessions to portal_auth;
grant select, update (accepted_at) on platform.invitations to portal_auth;
grant select, update (last_used_at) on platform.service_tokens to portal_auth;
grant select on platform.receiving_numbers to portal_auth;
grant select, insert, delete on platform.login_states to portal_auth;
grant select, insert (email, address, device, outcome), delete on platform.login_attempts to portal_auth;
grant insert (action, object_type, object_id, detail, request_id) on platform.audit_log to portal_auth;
grant select (customer_id, id, name, email, role, status), insert (name, username, email, phone, role, requested_role, status, last_login_at, display_name, avatar_url), update (last_login_at) on portal.users to portal_auth;

-- For a webhook; see tenancy.bars.
grant select (customer_id, id, direction, phone_number, twilio_sid, twilio_status, created_at), insert (conversation_id, phone_number, direction, message_body, twilio_sid, twilio_status, waits),
  update (twilio_status, twilio_error_code) on portal.sms_messages to portal_auth;
grant insert (channel, kind, message_name, message_ciphertext, reference, max_attempts, next_try_at) on portal.outbox to portal_auth;

-- portal_worker: the queue, which it alone works; a job's row gets its customer and its person from the doors. Inside
-- the customer of a job, what is granted above on portal.
grant select, insert (id, state, attempt, max_attempts, attempted_at, created_at, finalized_at, scheduled_at, priority, args, attempted_by, errors, kind, metadata, queue, tags, unique_key, unique_states), update (state, attempt, max_attempts, attempted_at, finalized_at, scheduled_at, priority, args, attempted_by, errors, kind, metadata, unique_key, unique_states), delete on jobs.river_job to portal_worker;
grant select, insert, update, delete on jobs.river_leader, jobs.river_queue, jobs.river_notification to portal_worker;
grant usage on sequence jobs.river_job_id_seq, jobs.river_notification_id_seq to portal_worker;
grant usage on sequence jobs.river_job_id_seq to portal_definer;
grant select on platform.customers, platform.audit_log to portal_worker;
grant select (customer_id, user_id, email, role, status, confirmed_at) on platform.logins to portal_worker;
grant insert (action, object_type, object_id, detail, request_id) on platform.audit_log to portal_worker;

-- portal_platform: operators.
grant select on platform.customers, platform.usage to portal_platform;
grant insert (customer_id, company_name, contact_name, contact_email, contact_phone, address, status, subscription_tier, max_users, max_properties, features, billing_email, timezone, subdomain, trial_ends_at) on platform.customers to portal_platform;
grant update (company_name, contact_name, contact_email, contact_phone, address, status, subscription_tier, max_users, max_properties, features, billing_email, timezone, subdomain, trial_ends_at) on platform.customers to portal_platform;
grant select (id, email, name, phone, address, default_equipment, status, last_login_at, created_at, updated_at) on platform.operators to portal_platform;
grant update (phone, address, default_equipment, password_hash, password_set_at) on platform.operators to portal_platform;
grant select (customer_id, id, email, name, role, invited_by_operator, expires_at, accepted_at, revoked_at, created_at) on platform.invitations to portal_platform;
grant insert (customer_id, email, name, role, token_hash, invited_by_operator, expires_at), update (revoked_at) on platform.invitations to portal_platform;
grant select (id, operator_id, parent_id, status, created_at, refreshed_at, expires_at, revoked_at), insert (customer_id, role, operator_id, parent_id, status, expires_at), update (revoked_at) on platform.sessions to portal_platform;
grant select, insert (customer_id, action, object_type, object_id, detail, request_id) on platform.audit_log to portal_platform;
grant select, insert (key_hash, request_hash), update (request_hash, at, whole, media_type, file_name, body), delete on platform.idempotency_keys to portal_platform;

-- portal_definer: what tenancy.enter, the doors of the queue, the triggers, the starter sets and the upkeep need.
grant select on tenancy.schema_version to portal_definer;
grant select (customer_id, status, trial_ends_at, timezone, max_users, max_properties) on platform.customers to portal_definer;
grant select (customer_id, user_id, role, status) on platform.logins to portal_definer;
grant select (id, name) on platform.operators to portal_definer;
grant select (id, customer_id, user_id, role, operator_id, parent_id, service_token_id, status, created_at, refreshed_at, expires_at, revoked_at), update (revoked_at) on platform.sessions to portal_definer;
grant select, insert (customer_id, users, properties), update (users, properties) on platform.usage to portal_definer;
grant select (id, customer_id, user_id, single_key, kind, state, attempt, max_attempts, created_at, scheduled_at, finalized_at, errors), insert (customer_id, user_id, single_key, kind, args, queue, max_attempts, state, scheduled_at), update (state, max_attempts, scheduled_at, finalized_at) on jobs.river_job to portal_definer;
grant select (id, finished_at, customer_id), delete on portal.outbox to portal_definer;
grant select (id, expires_at, customer_id), delete on portal.weather_data to portal_definer;
grant select (id, expires_at, customer_id) on portal.customer_exports to portal_definer;
grant select (id, export_id, customer_id), delete on portal.customer_export_parts to portal_definer;
grant select (id, at), delete on platform.login_attempts to portal_definer;
grant select (state, purpose, customer_id, user_id, browser_hash, expires_at), insert (state, purpose, customer_id, user_id, browser_hash, expires_at), delete on platform.login_states to portal_definer;
grant select (id, at), delete on platform.idempotency_keys to portal_definer;
grant select (customer_id, id, accepted_at, revoked_at, expires_at), delete on platform.invitations to portal_definer;
grant delete on platform.sessions to portal_definer;
grant select, insert (phone_number, customer_id, proven_at), update (customer_id, proven_at), delete on platform.receiving_numbers to portal_definer;
grant select (customer_id, key_name, user_id, key_ciphertext) on portal.api_keys to portal_definer;
grant select (customer_id, id, phone, status, sms_notifications_enabled), update (sms_notifications_enabled) on portal.users to portal_definer;
grant select (customer_id, user_id, phone_number, last_message_at) on portal.sms_context to portal_definer;
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
    grant usage on schema portal, platform, jobs, tenancy to portal_backup;
    grant select on all tables in schema portal, platform, jobs to portal_backup;
    grant select on all sequences in schema portal, platform, jobs to portal_backup;
    grant select on tenancy.schema_version, tenancy.audit_exceptions, tenancy.baseline to portal_backup;
  end if;
end
$$;
