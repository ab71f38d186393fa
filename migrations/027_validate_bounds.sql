-- Looks at the rows that are there, while others read and write.
do $$
declare
  r record;
begin
  for r in
    select conrelid::regclass as name, conname
    from pg_constraint
    where connamespace in ('portal'::regnamespace, 'platform'::regnamespace)
      and contype = 'c'
      and not convalidated
    order by 1, 2
  loop
    execute format('alter table %s validate constraint %I', r.name, r.conname);
  end loop;
end
$$;

---- create above / drop below ----

-- As the migration before this one left them.
do $$
declare
  r record;
begin
  for r in
    select k.conrelid::regclass as name, k.conname, pg_get_constraintdef(k.oid) as rule
    from pg_constraint k
    where k.connamespace in ('portal'::regnamespace, 'platform'::regnamespace)
      and k.conname in ('times_are_finite', 'numbers_are_finite')
    union all
    select k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)
    from (values
      ('platform.customers'::text, 'address_is_at_most_1000_characters'::text),
      ('platform.customers', 'features_has_at_most_16_kib'),
      ('platform.customers', 'timezone_is_of_a_place'),
      ('platform.logins', 'password_hash_is_at_most_255_characters'),
      ('platform.operators', 'address_is_at_most_1000_characters'),
      ('platform.operators', 'password_hash_is_at_most_255_characters'),
      ('platform.service_tokens', 'scopes_has_at_most_16_kib'),
      ('platform.audit_log', 'actor_role_is_at_most_100_characters'),
      ('platform.audit_log', 'actor_name_is_at_most_255_characters'),
      ('platform.audit_log', 'request_id_is_at_most_100_characters'),
      ('platform.audit_log', 'detail_has_at_most_1_mib'),
      ('portal.users', 'address_is_at_most_1000_characters'),
      ('portal.locations', 'notes_is_at_most_10000_characters'),
      ('portal.property_contractors', 'notes_is_at_most_10000_characters'),
      ('portal.routes', 'description_is_at_most_10000_characters'),
      ('portal.route_properties', 'notes_is_at_most_10000_characters'),
      ('portal.assignment_history', 'notes_is_at_most_10000_characters'),
      ('portal.winter_events', 'description_is_at_most_10000_characters'),
      ('portal.event_checkins', 'notes_is_at_most_50000_characters'),
      ('portal.winter_ops_logs', 'notes_is_at_most_10000_characters'),
      ('portal.green_services_logs', 'notes_is_at_most_10000_characters'),
      ('portal.equipment_rates', 'description_is_at_most_10000_characters'),
      ('portal.weather_data', 'payload_has_at_most_1_mib'),
      ('portal.sms_context', 'context_data_has_at_most_16_kib'),
      ('portal.sms_messages', 'message_body_is_at_most_10000_characters'),
      ('portal.sms_messages', 'ai_interpretation_has_at_most_16_kib'),
      ('portal.jobber_auth', 'scope_is_at_most_1000_characters'),
      ('portal.jobber_property_mapping', 'jobber_property_address_is_at_most_1000_characters'),
      ('portal.jobber_sync_logs', 'error_message_is_at_most_10000_characters'),
      ('portal.property_lists', 'filters_has_at_most_16_kib')
    ) as bound (name, rule)
    join pg_constraint k on k.conrelid = bound.name::regclass and k.conname = bound.rule
  loop
    execute format('alter table %s drop constraint %I, add constraint %I %s not valid', r.name, r.conname, r.conname, r.rule);
  end loop;
end
$$;
