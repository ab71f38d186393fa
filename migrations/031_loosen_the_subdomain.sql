-- A column of a unique constraint counts as one of a key that rows may refer to: an UPDATE that names it, whatever it sets,
-- waits for every open transaction that has added a row of the customer. A partial index counts as none.

alter table platform.customers drop constraint one_customer_per_subdomain;
create unique index one_customer_per_subdomain on platform.customers (subdomain) where subdomain is not null;

---- create above / drop below ----

drop index platform.one_customer_per_subdomain;
alter table platform.customers add constraint one_customer_per_subdomain unique (subdomain);
