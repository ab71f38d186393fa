-- What a person logs in with, found before the customer is known. E-mail, role and status have no checks of their own:
-- they equal the user's.
create table platform.logins (
  customer_id text not null default tenancy.customer_id(),
  user_id bigint not null,
  email text not null,
  role text not null,
  status text not null,
  password_hash text,
  -- When the password was chosen; null: before anybody noted it. Sessions and log-ins that began with an older one end. A
  -- better hash of the same password leaves it alone.
  password_set_at timestamptz,
  confirmed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, user_id),
  constraint logins_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint logins_equal_their_user
    foreign key (customer_id, user_id, email, role, status) references portal.users (customer_id, id, email, role, status)
    on update cascade
    on delete cascade,
  constraint one_login_per_email unique (customer_id, email)
);

create index logins_by_email on platform.logins (email);

create table platform.identities (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  user_id bigint not null,
  provider text not null
    constraint provider_is_known check (provider in ('google', 'microsoft')),
  subject text not null
    constraint subject_has_1_to_255_characters check (char_length(subject) between 1 and 255),
  email text
    constraint email_is_at_most_255_characters check (char_length(email) <= 255),
  email_verified boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint identities_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint identities_belong_to_a_login
    foreign key (customer_id, user_id) references platform.logins (customer_id, user_id)
    on delete cascade,
  -- The customer comes last, since the sign-on page knows only the other two.
  constraint one_identity_per_subject_and_customer unique (provider, subject, customer_id)
);

create index identities_by_user on platform.identities (customer_id, user_id);

---- create above / drop below ----

drop table platform.identities;
drop table platform.logins;
