-- A text message that came in waits until its job has handled it. What the provider says of one that went out may have a
-- reason, by a number of its own.
alter table portal.sms_messages
  add column waits boolean not null default false,
  add column twilio_error_code integer
    constraint twilio_error_code_is_positive check (twilio_error_code > 0),
  add constraint only_what_came_in_waits check (not waits or direction = 'inbound');

create index sms_messages_that_wait on portal.sms_messages (customer_id, phone_number, id) where waits;
create index sms_messages_by_phone on portal.sms_messages (customer_id, phone_number, direction, id desc);

-- A claim is proven when the provider has sent something from the number for the customer's own account.
alter table platform.receiving_numbers
  add column proven_at timestamptz
    constraint proven_at_is_finite check (isfinite(proven_at));

---- create above / drop below ----

alter table platform.receiving_numbers drop column proven_at;
drop index portal.sms_messages_by_phone;
drop index portal.sms_messages_that_wait;
alter table portal.sms_messages
  drop constraint only_what_came_in_waits,
  drop column twilio_error_code,
  drop column waits;
