create table platform.invitations (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  email text not null
    constraint email_is_at_most_255_characters check (char_length(email) <= 255)
    constraint email_is_an_address check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$')
    constraint email_is_in_lower_case check (email = lower(email)),
  name text
    constraint name_is_at_most_255_characters check (char_length(name) <= 255),
  role text not null
    constraint role_is_known check (role in ('Admin', 'Manager', 'Contractor', 'Subcontractor', 'User')),
  token_hash bytea not null
    constraint token_hash_is_32_bytes check (octet_length(token_hash) = 32),
  invited_by bigint,
  invited_by_operator bigint,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint invitations_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint inviting_user_is_of_the_same_customer
    foreign key (customer_id, invited_by) references portal.users (customer_id, id)
    on delete set null (invited_by),
  constraint inviting_operator_exists
    foreign key (invited_by_operator) references platform.operators (id)
    on delete set null (invited_by_operator),
  constraint invitation_comes_from_one_person check (num_nonnulls(invited_by, invited_by_operator) <= 1),
  constraint invitation_is_accepted_or_revoked check (accepted_at is null or revoked_at is null),
  constraint one_invitation_per_token unique (customer_id, token_hash)
);

create index invitations_by_token on platform.invitations (token_hash);
create index invitations_by_user on platform.invitations (customer_id, invited_by);
create index invitations_by_operator on platform.invitations (invited_by_operator);

---- create above / drop below ----

drop table platform.invitations;
