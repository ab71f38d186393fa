-- A service works in a customer by a key of its own (service_tokens). What it comes in with is a session as any other, of
-- no person; it follows its key.

alter table platform.service_tokens
  add constraint scopes_are_known check (scopes <@ '["error-report", "events"]');

alter table platform.sessions
  add column service_token_id bigint,
  add constraint session_is_of_a_service_token
    foreign key (customer_id, service_token_id) references platform.service_tokens (customer_id, id)
    on delete cascade,
  drop constraint session_is_of_a_kind,
  -- A foreign key with a null holds nothing equal: each kind has all that its keys are made of.
  add constraint session_is_of_a_kind check (
    -- a member's
    (num_nulls(customer_id, user_id, role, family_hash, refresh_hash) = 0 and num_nonnulls(operator_id, parent_id, service_token_id) = 0)
    -- an operator's
    or (num_nulls(operator_id, family_hash, refresh_hash) = 0 and num_nonnulls(customer_id, user_id, role, parent_id, service_token_id) = 0)
    -- an operator's in a customer, which nobody refreshes
    or (num_nulls(customer_id, operator_id, parent_id, role) = 0 and role = 'Admin'
      and num_nonnulls(user_id, service_token_id, family_hash, refresh_hash, previous_hash) = 0)
    -- a service's, which nobody refreshes either
    or (num_nulls(customer_id, service_token_id, role) = 0 and role = 'Service' and status = 'active'
      and num_nonnulls(user_id, operator_id, parent_id, family_hash, refresh_hash, previous_hash) = 0)
  );

create index sessions_by_service_token on platform.sessions (customer_id, service_token_id) where service_token_id is not null;

alter table platform.audit_log
  add column actor_service_id bigint default tenancy.service_id(),
  drop constraint actor_is_one_person,
  add constraint actor_is_one_person check (num_nonnulls(actor_user_id, actor_operator_id, actor_service_id) <= 1);

---- create above / drop below ----

-- What policies/after has made of the columns; a version of before knows nothing of it.
drop trigger if exists end_service_sessions on platform.service_tokens;

delete from platform.sessions where service_token_id is not null;

alter table platform.audit_log
  drop constraint actor_is_one_person,
  drop column actor_service_id,
  add constraint actor_is_one_person check (num_nonnulls(actor_user_id, actor_operator_id) <= 1);

alter table platform.sessions
  drop constraint session_is_of_a_kind,
  drop constraint session_is_of_a_service_token,
  drop column service_token_id,
  add constraint session_is_of_a_kind check (
    (num_nulls(customer_id, user_id, role, family_hash, refresh_hash) = 0 and num_nonnulls(operator_id, parent_id) = 0)
    or (num_nulls(operator_id, family_hash, refresh_hash) = 0 and num_nonnulls(customer_id, user_id, role, parent_id) = 0)
    or (num_nulls(customer_id, operator_id, parent_id, role) = 0 and role = 'Admin'
      and num_nonnulls(user_id, family_hash, refresh_hash, previous_hash) = 0)
  );

alter table platform.service_tokens drop constraint scopes_are_known;
