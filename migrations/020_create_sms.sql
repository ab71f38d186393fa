create table portal.sms_context (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  user_id bigint not null,
  phone_number text not null
    constraint phone_number_is_in_e164_form check (phone_number ~ '^\+[1-9][0-9]{1,14}$'),
  conversation_state text not null default 'idle'
    constraint conversation_state_is_known check (
      conversation_state in (
        'idle',
        'awaiting_start_confirmation',
        'collecting_ticket_details',
        'awaiting_completion',
        'collecting_completion_details'
      )
    ),
  active_ticket_id bigint,
  active_property_id bigint,
  context_data jsonb
    constraint context_data_is_an_object check (jsonb_typeof(context_data) = 'object'),
  last_message_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint sms_context_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint user_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id)
    on delete cascade,
  constraint active_ticket_is_of_the_same_customer
    foreign key (customer_id, active_ticket_id) references portal.winter_ops_logs (customer_id, id)
    on delete set null (active_ticket_id),
  constraint active_property_is_of_the_same_customer
    foreign key (customer_id, active_property_id) references portal.locations (customer_id, id)
    on delete set null (active_property_id),
  constraint one_sms_conversation_per_user unique (customer_id, user_id)
);

create index sms_context_by_last_message on portal.sms_context (customer_id, last_message_at desc, id desc);
create index sms_context_by_phone on portal.sms_context (customer_id, phone_number, last_message_at desc);
create index sms_context_by_active_ticket on portal.sms_context (customer_id, active_ticket_id);
create index sms_context_by_active_property on portal.sms_context (customer_id, active_property_id);

create table portal.sms_messages (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  conversation_id bigint,
  -- Not always in E.164 form: what comes in may come from a short code.
  phone_number text not null
    constraint phone_number_is_at_most_20_characters check (char_length(phone_number) <= 20),
  direction text not null
    constraint direction_is_known check (direction in ('inbound', 'outbound')),
  message_body text not null,
  twilio_sid text
    constraint twilio_sid_is_at_most_100_characters check (char_length(twilio_sid) <= 100),
  twilio_status text
    constraint twilio_status_is_at_most_50_characters check (char_length(twilio_status) <= 50),
  ai_processed boolean not null default false,
  ai_interpretation jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint sms_messages_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint conversation_is_of_the_same_customer
    foreign key (customer_id, conversation_id) references portal.sms_context (customer_id, id)
    on delete set null (conversation_id),
  -- The provider delivers a message again when it hears no answer.
  constraint one_sms_message_per_twilio_sid unique (customer_id, twilio_sid)
);

create index sms_messages_by_conversation on portal.sms_messages (customer_id, conversation_id, created_at, id);

create table portal.sms_notification_preferences (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  user_id bigint not null,
  notify_on_assignment boolean not null default true,
  notify_on_route_assignment boolean not null default true,
  notify_on_weather_alert boolean not null default true,
  notify_on_winter_event_start boolean not null default true,
  notify_on_ticket_reminder boolean not null default true,
  quiet_hours_start time,
  quiet_hours_end time,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint sms_notification_preferences_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint user_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id)
    on delete cascade,
  constraint one_set_of_sms_preferences_per_user unique (customer_id, user_id),
  -- An end before the start is right: the night has midnight in it.
  constraint quiet_hours_have_start_and_end check ((quiet_hours_start is null) = (quiet_hours_end is null))
);

---- create above / drop below ----

drop table portal.sms_notification_preferences;
drop table portal.sms_messages;
drop table portal.sms_context;
