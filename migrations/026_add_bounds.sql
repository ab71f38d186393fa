-- What no column may hold. The checks count for new rows from here on; the next migration looks at those that are there,
-- which takes longer and must not make anybody wait.

-- JSON has no NaN and no infinity, and a list with one such row could not be sent. NaN is greater than every number, so
-- that a rule such as x >= 0 lets it pass.
do $$
declare
  t record;
begin
  for t in
    select a.attrelid::regclass as name,
      string_agg(format('isfinite(%I)', a.attname), ' and ' order by a.attnum)
        filter (where a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)) as times,
      string_agg(format('%I <> ''NaN''', a.attname), ' and ' order by a.attnum)
        filter (where a.atttypid = 'numeric'::regtype) as numbers
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace)
      and c.relkind = 'r'
      and a.attnum > 0
      and not a.attisdropped
    group by a.attrelid
  loop
    if t.times is not null then
      execute format('alter table %s add constraint times_are_finite check (%s) not valid', t.name, t.times);
    end if;
    if t.numbers is not null then
      execute format('alter table %s add constraint numbers_are_finite check (%s) not valid', t.name, t.numbers);
    end if;
  end loop;
end
$$;

alter table platform.customers
  add constraint address_is_at_most_1000_characters check (char_length(address) <= 1000) not valid,
  add constraint features_has_at_most_16_kib check (octet_length(features::text) <= 16384) not valid;
alter table platform.logins
  add constraint password_hash_is_at_most_255_characters check (char_length(password_hash) <= 255) not valid;
alter table platform.operators
  add constraint address_is_at_most_1000_characters check (char_length(address) <= 1000) not valid,
  add constraint password_hash_is_at_most_255_characters check (char_length(password_hash) <= 255) not valid;
alter table platform.service_tokens
  add constraint scopes_has_at_most_16_kib check (octet_length(scopes::text) <= 16384) not valid;
-- An entry may list the ids of all that a request named.
alter table platform.audit_log
  add constraint actor_role_is_at_most_100_characters check (char_length(actor_role) <= 100) not valid,
  add constraint actor_name_is_at_most_255_characters check (char_length(actor_name) <= 255) not valid,
  add constraint request_id_is_at_most_100_characters check (char_length(request_id) <= 100) not valid,
  add constraint detail_has_at_most_1_mib check (octet_length(detail::text) <= 1048576) not valid;

alter table portal.users
  add constraint address_is_at_most_1000_characters check (char_length(address) <= 1000) not valid;
alter table portal.locations
  add constraint notes_is_at_most_10000_characters check (char_length(notes) <= 10000) not valid;
alter table portal.property_contractors
  add constraint notes_is_at_most_10000_characters check (char_length(notes) <= 10000) not valid;
alter table portal.routes
  add constraint description_is_at_most_10000_characters check (char_length(description) <= 10000) not valid;
alter table portal.route_properties
  add constraint notes_is_at_most_10000_characters check (char_length(notes) <= 10000) not valid;
alter table portal.assignment_history
  add constraint notes_is_at_most_10000_characters check (char_length(notes) <= 10000) not valid;
alter table portal.winter_events
  add constraint description_is_at_most_10000_characters check (char_length(description) <= 10000) not valid;
-- Every change of a check-in adds a line.
alter table portal.event_checkins
  add constraint notes_is_at_most_50000_characters check (char_length(notes) <= 50000) not valid;
alter table portal.winter_ops_logs
  add constraint notes_is_at_most_10000_characters check (char_length(notes) <= 10000) not valid;
alter table portal.green_services_logs
  add constraint notes_is_at_most_10000_characters check (char_length(notes) <= 10000) not valid;
alter table portal.equipment_rates
  add constraint description_is_at_most_10000_characters check (char_length(description) <= 10000) not valid;
alter table portal.weather_data
  add constraint payload_has_at_most_1_mib check (octet_length(payload::text) <= 1048576) not valid;
alter table portal.sms_context
  add constraint context_data_has_at_most_16_kib check (octet_length(context_data::text) <= 16384) not valid;
alter table portal.sms_messages
  add constraint message_body_is_at_most_10000_characters check (char_length(message_body) <= 10000) not valid,
  add constraint ai_interpretation_has_at_most_16_kib check (octet_length(ai_interpretation::text) <= 16384) not valid;
alter table portal.jobber_auth
  add constraint scope_is_at_most_1000_characters check (char_length(scope) <= 1000) not valid;
alter table portal.jobber_property_mapping
  add constraint jobber_property_address_is_at_most_1000_characters check (char_length(jobber_property_address) <= 1000) not valid;
alter table portal.jobber_sync_logs
  add constraint error_message_is_at_most_10000_characters check (char_length(error_message) <= 10000) not valid;

-- Larger ones say nothing that a page has stored.
update portal.property_lists set filters = null where octet_length(filters::text) > 16384;
alter table portal.property_lists
  add constraint filters_has_at_most_16_kib check (octet_length(filters::text) <= 16384) not valid;

-- The machine that a zone was taken from had more than the list that all servers share.
update platform.customers
set timezone = case when timezone ~ '^(right|posix)/' then substr(timezone, strpos(timezone, '/') + 1) else 'UTC' end
where timezone ~ '^(right|posix)/'
  or timezone in ('Local', 'localtime', 'posixrules', 'Factory');
alter table platform.customers
  add constraint timezone_is_of_a_place
    check (timezone !~ '^(right|posix)/' and timezone not in ('Local', 'localtime', 'posixrules', 'Factory')) not valid;

---- create above / drop below ----

alter table platform.customers
  drop constraint address_is_at_most_1000_characters,
  drop constraint features_has_at_most_16_kib,
  drop constraint timezone_is_of_a_place;
alter table platform.logins drop constraint password_hash_is_at_most_255_characters;
alter table platform.operators
  drop constraint address_is_at_most_1000_characters,
  drop constraint password_hash_is_at_most_255_characters;
alter table platform.service_tokens drop constraint scopes_has_at_most_16_kib;
alter table platform.audit_log
  drop constraint actor_role_is_at_most_100_characters,
  drop constraint actor_name_is_at_most_255_characters,
  drop constraint request_id_is_at_most_100_characters,
  drop constraint detail_has_at_most_1_mib;
alter table portal.users drop constraint address_is_at_most_1000_characters;
alter table portal.locations drop constraint notes_is_at_most_10000_characters;
alter table portal.property_contractors drop constraint notes_is_at_most_10000_characters;
alter table portal.routes drop constraint description_is_at_most_10000_characters;
alter table portal.route_properties drop constraint notes_is_at_most_10000_characters;
alter table portal.assignment_history drop constraint notes_is_at_most_10000_characters;
alter table portal.winter_events drop constraint description_is_at_most_10000_characters;
alter table portal.event_checkins drop constraint notes_is_at_most_50000_characters;
alter table portal.winter_ops_logs drop constraint notes_is_at_most_10000_characters;
alter table portal.green_services_logs drop constraint notes_is_at_most_10000_characters;
alter table portal.equipment_rates drop constraint description_is_at_most_10000_characters;
alter table portal.weather_data drop constraint payload_has_at_most_1_mib;
alter table portal.sms_context drop constraint context_data_has_at_most_16_kib;
alter table portal.sms_messages
  drop constraint message_body_is_at_most_10000_characters,
  drop constraint ai_interpretation_has_at_most_16_kib;
alter table portal.jobber_auth drop constraint scope_is_at_most_1000_characters;
alter table portal.jobber_property_mapping drop constraint jobber_property_address_is_at_most_1000_characters;
alter table portal.jobber_sync_logs drop constraint error_message_is_at_most_10000_characters;
alter table portal.property_lists drop constraint filters_has_at_most_16_kib;

do $$
declare
  r record;
begin
  for r in
    select conrelid::regclass as name, conname
    from pg_constraint
    where connamespace in ('portal'::regnamespace, 'platform'::regnamespace)
      and conname in ('times_are_finite', 'numbers_are_finite')
  loop
    execute format('alter table %s drop constraint %I', r.name, r.conname);
  end loop;
end
$$;
