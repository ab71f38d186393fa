-- What an entry asks of a person stands in the session's row: role and status, kept equal by foreign keys as a login
-- is to its user. A switch of an operator into a customer is a session of its own, with the operator's as its parent.
-- An entry needs no signature any more.

drop function if exists tenancy.enter(int, text, bigint, text, bigint, uuid, boolean, bigint, bytea);
drop function if exists tenancy.enter_guest(int, text, bigint, bytea);
drop function if exists tenancy.enter_operator(int, bigint, uuid, boolean, bigint, bytea);
drop function if exists tenancy.expiry_is_near(bigint);
drop table if exists tenancy.mac_keys;

alter table platform.logins add constraint login_with_its_state unique (customer_id, user_id, role, status);
alter table platform.operators add constraint operator_with_his_state unique (id, status);

alter table platform.sessions
  add column parent_id uuid,
  add column role text,
  add column status text,
  alter column family_hash drop not null,
  alter column refresh_hash drop not null,
  drop constraint session_is_of_a_login,
  drop constraint session_is_of_an_operator,
  drop constraint session_belongs_to_a_member_or_an_operator;

update platform.sessions s
set (role, status) = (select l.role, l.status from platform.logins l where (l.customer_id, l.user_id) = (s.customer_id, s.user_id))
where user_id is not null;

update platform.sessions s
set status = (select o.status from platform.operators o where o.id = s.operator_id)
where operator_id is not null;

alter table platform.sessions
  alter column status set not null,
  add constraint session_with_its_operator unique (id, operator_id),
  add constraint session_equals_its_login
    foreign key (customer_id, user_id, role, status) references platform.logins (customer_id, user_id, role, status)
    on update cascade
    on delete cascade,
  add constraint session_equals_its_operator
    foreign key (operator_id, status) references platform.operators (id, status)
    on update cascade
    on delete cascade,
  add constraint switch_has_its_operators_session
    foreign key (parent_id, operator_id) references platform.sessions (id, operator_id)
    on delete cascade,
  -- A foreign key with a null holds nothing equal: each kind has all that its keys are made of.
  add constraint session_is_of_a_kind check (
    -- a member's
    (num_nulls(customer_id, user_id, role, family_hash, refresh_hash) = 0 and num_nonnulls(operator_id, parent_id) = 0)
    -- an operator's
    or (num_nulls(operator_id, family_hash, refresh_hash) = 0 and num_nonnulls(customer_id, user_id, role, parent_id) = 0)
    -- an operator's in a customer, which nobody refreshes
    or (num_nulls(customer_id, operator_id, parent_id, role) = 0 and role = 'Admin'
      and num_nonnulls(user_id, family_hash, refresh_hash, previous_hash) = 0)
  );

create index sessions_by_parent on platform.sessions (parent_id) where parent_id is not null;

---- create above / drop below ----

-- What policies/after has made of the columns; a version of before knows nothing of it.
drop policy if exists own_switch on platform.sessions;
drop trigger if exists end_switches on platform.sessions;
drop trigger if exists end_operator_sessions on platform.operators;

drop index platform.sessions_by_parent;

delete from platform.sessions where parent_id is not null;

alter table platform.sessions
  drop constraint session_is_of_a_kind,
  drop constraint switch_has_its_operators_session,
  drop constraint session_equals_its_operator,
  drop constraint session_equals_its_login,
  drop constraint session_with_its_operator,
  drop column parent_id,
  drop column role,
  drop column status,
  alter column family_hash set not null,
  alter column refresh_hash set not null,
  add constraint session_is_of_a_login
    foreign key (customer_id, user_id) references platform.logins (customer_id, user_id)
    on delete cascade,
  add constraint session_is_of_an_operator
    foreign key (operator_id) references platform.operators (id)
    on delete cascade,
  add constraint session_belongs_to_a_member_or_an_operator check (
    (customer_id is not null and user_id is not null and operator_id is null)
    or (customer_id is null and user_id is null and operator_id is not null)
  );

alter table platform.operators drop constraint operator_with_his_state;
alter table platform.logins drop constraint login_with_its_state;
