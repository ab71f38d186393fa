-- Who acts, in which customer, is a default from the verified context, and no role of the API may write it by hand. The
-- actors are no foreign keys, and the name is a copy: an entry outlives the person it names.
create table platform.audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  customer_id text default tenancy.customer_id(),
  actor_user_id bigint default tenancy.user_id(),
  actor_operator_id bigint default tenancy.acting_as(),
  actor_role text default tenancy.role(),
  actor_name text default tenancy.actor_name(),
  action text not null
    constraint action_has_1_to_100_characters check (char_length(action) between 1 and 100),
  object_type text
    constraint object_type_is_at_most_100_characters check (char_length(object_type) <= 100),
  object_id text
    constraint object_id_is_at_most_255_characters check (char_length(object_id) <= 255),
  detail jsonb not null default '{}'
    constraint detail_is_an_object check (jsonb_typeof(detail) = 'object'),
  request_id text,
  constraint audit_log_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint actor_is_one_person check (num_nonnulls(actor_user_id, actor_operator_id) <= 1)
);

create index audit_log_by_time on platform.audit_log (customer_id, at desc);
create index audit_log_by_id on platform.audit_log (customer_id, id);

---- create above / drop below ----

drop table platform.audit_log;
