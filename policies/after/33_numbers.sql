-- Which customer a text message is for, by the number that it was sent to, and by whose token its provider signs.
--
-- Whoever can sign with a customer's token can bring that customer messages, for whatever number, so a signature proves
-- no number. What proves one is that the provider sends from it for the customer's own account. A claim that is not
-- proven gives way to the next one, so that nobody keeps another's number from him; a proven one stays.

-- The sealed token with which a provider signs its calls, and whose it is, for a webhook and nobody else.
create or replace function tenancy.webhook_token(out customer_id text, out sealed bytea)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tenancy.role() = 'webhook' then
    customer_id := tenancy.customer_id();
    sealed := (select k.key_ciphertext from portal.api_keys k where k.key_name = 'twilio_auth_token' and k.user_id is null);
  end if;
end
$$;

comment on function tenancy.webhook_token() is 'The sealed token with which the provider of text messages signs, inside a webhook; else null.';

-- Of several people with one telephone the one who last had a conversation from it writes. Nobody who is not active does.
create or replace function tenancy.webhook_person(p_phone text) returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select u.id
    from portal.users u
    left join portal.sms_context c on (c.customer_id, c.user_id, c.phone_number) = (u.customer_id, u.id, u.phone)
    where u.phone = p_phone
      and u.status = 'active'
      and (select tenancy.role()) = 'webhook'
    order by c.last_message_at desc nulls last, u.id
    limit 1);
end
$$;

comment on function tenancy.webhook_person(text) is 'The person whose telephone a number is, inside a webhook; else null.';

-- The provider says that a telephone wants no more messages of the customer's number. Nobody acts then who might write
-- another person's row.
create or replace procedure tenancy.stop_messages(p_phone text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update portal.users u
  set sms_notifications_enabled = false
  where u.phone = p_phone
    and u.sms_notifications_enabled;
end
$$;

comment on procedure tenancy.stop_messages is 'Switches text messages off for whoever has a telephone, in the customer that entered.';

-- The customer's one receiving number is from now on this one, or none. Answers whether it is his: not where another has
-- proven it.
create or replace procedure tenancy.claim_number(inout p_claimed boolean, p_number text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tenancy.role() is distinct from 'Admin' then
    raise exception 'a receiving number is claimed by an Admin' using errcode = '42501';
  end if;
  delete from platform.receiving_numbers n
  where n.customer_id = tenancy.customer_id()
    and n.phone_number is distinct from p_number;
  if p_number is not null then
    insert into platform.receiving_numbers as n (phone_number, customer_id)
    values (p_number, tenancy.customer_id())
    on conflict (phone_number) do update
    set customer_id = excluded.customer_id
    where n.proven_at is null;
  end if;
  p_claimed := p_number is null or exists (
    select from platform.receiving_numbers n where n.phone_number = p_number and n.customer_id = tenancy.customer_id());
end
$$;

comment on procedure tenancy.claim_number is 'Makes a number the one receiving number of the customer, unless another customer has proven it.';

-- The provider has sent from the number for the customer's own account.
create or replace procedure tenancy.prove_number(p_number text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into platform.receiving_numbers as n (phone_number, customer_id, proven_at)
  values (p_number, tenancy.customer_id(), now())
  on conflict (phone_number) do update
  set customer_id = excluded.customer_id, proven_at = excluded.proven_at
  where n.proven_at is null;
end
$$;

comment on procedure tenancy.prove_number is 'Proves that a number is the customer''s, after its provider has sent from it for the customer''s own account.';
