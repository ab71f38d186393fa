-- What an invoice says is kept from before QuickBooks is asked to make it, with the id of that request: what is asked
-- for again is the same, and made once. An invoice belongs to one company at QuickBooks, and so does whom a property is there.
alter table portal.quickbooks_customer_mapping
  add column realm_id text
    constraint realm_id_has_1_to_255_characters check (char_length(realm_id) between 1 and 255);
alter table portal.quickbooks_invoices
  add column request_id uuid not null default gen_random_uuid(),
  add column request jsonb
    constraint request_is_at_most_1_mib check (octet_length(request::text) <= 1048576),
  add column realm_id text
    constraint realm_id_has_1_to_255_characters check (char_length(realm_id) between 1 and 255),
  -- Whoever makes it has until then.
  add column claimed_until timestamptz
    constraint claimed_until_is_a_time check (isfinite(claimed_until)),
  add column failure text
    constraint failure_has_1_to_1000_characters check (char_length(failure) between 1 and 1000),
  add constraint only_a_pending_invoice_is_claimed check (status = 'pending' or claimed_until is null);
create index quickbooks_invoices_pending on portal.quickbooks_invoices (customer_id, id) where status = 'pending';

---- create above / drop below ----

drop index portal.quickbooks_invoices_pending;
alter table portal.quickbooks_invoices
  drop constraint only_a_pending_invoice_is_claimed,
  drop column failure,
  drop column claimed_until,
  drop column realm_id,
  drop column request,
  drop column request_id;
alter table portal.quickbooks_customer_mapping drop column realm_id;
