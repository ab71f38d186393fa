create table portal.property_contractors (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  property_id bigint not null,
  contractor_id bigint not null,
  assigned_date timestamptz not null default now(),
  is_primary boolean not null default false,
  acceptance_status text not null default 'pending'
    constraint acceptance_status_is_known check (acceptance_status in ('pending', 'accepted', 'declined')),
  accepted_at timestamptz,
  declined_at timestamptz,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint property_contractors_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id)
    on delete cascade,
  constraint contractor_is_of_the_same_customer
    foreign key (customer_id, contractor_id) references portal.users (customer_id, id)
    on delete cascade,
  constraint one_assignment_per_property_and_contractor unique (customer_id, property_id, contractor_id),
  constraint accepted_at_is_of_an_accepted_one check (accepted_at is null or acceptance_status = 'accepted'),
  constraint declined_at_is_of_a_declined_one check (declined_at is null or acceptance_status = 'declined')
);

create unique index one_primary_contractor_per_property
  on portal.property_contractors (customer_id, property_id)
  where is_primary;
create index property_contractors_by_contractor on portal.property_contractors (customer_id, contractor_id);

---- create above / drop below ----

drop table portal.property_contractors;
