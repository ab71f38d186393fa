-- A customer on its move to another database: nobody enters until it is there, or back.
alter table platform.customers
  drop constraint status_is_known,
  drop constraint primary_customer_stays_open,
  add constraint status_is_known check (status in ('trial', 'active', 'suspended', 'cancelled', 'moving')),
  add constraint primary_customer_stays_open check (customer_id <> 'LEGACY001' or status in ('trial', 'active', 'moving'));

---- create above / drop below ----

-- Whether it has arrived elsewhere is not known here.
update platform.customers
set status = case customer_id when 'LEGACY001' then 'active' else 'suspended' end
where status = 'moving';

alter table platform.customers
  drop constraint primary_customer_stays_open,
  drop constraint status_is_known,
  add constraint status_is_known check (status in ('trial', 'active', 'suspended', 'cancelled')),
  add constraint primary_customer_stays_open check (customer_id <> 'LEGACY001' or status in ('trial', 'active'));
