-- Connecting with another company's system: a person leaves for its page, and comes back without a token. The state that he
-- carries says for whom he comes: for five minutes, once, and in the browser in which he left.

-- Notes the hash of a state for whoever acts. An acting operator connects nothing in a customer's name.
create or replace function tenancy.begin_connection(p_purpose text, p_state text, p_browser bytea) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tenancy.customer_id() is null or tenancy.user_id() is null or p_purpose not in ('jobber', 'quickbooks') or p_browser is null then
    raise exception 'nobody who could connect' using errcode = 'TN015';
  end if;
  insert into platform.login_states (state, purpose, customer_id, user_id, browser_hash, expires_at)
  values (p_state, p_purpose, tenancy.customer_id(), tenancy.user_id(), p_browser, now() + interval '5 minutes');
end
$$;

comment on function tenancy.begin_connection is 'Notes that whoever acts leaves for another company''s page; the state comes as its hash.';

-- The way in of whoever comes back, as he is now. An entry that may write uses the state up.
--
-- Refusals: TN003 no such state, or over, or of another purpose or browser; TN002 the person is not active any more; TN004 the
-- customer is closed; TN008 it is on its move.
create or replace procedure tenancy.enter_callback(inout p_zone text, p_purpose text, p_state text, p_browser bytea, p_read_only boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s record;
  f record;
  ignored text;
begin
  -- Of two who come with one state, the second waits here, and finds none.
  if p_read_only then
    select t.customer_id, t.user_id into s
    from platform.login_states t
    where (t.state, t.purpose, t.browser_hash) = (p_state, p_purpose, p_browser)
      and t.expires_at > now();
  else
    delete from platform.login_states t
    where (t.state, t.purpose, t.browser_hash) = (p_state, p_purpose, p_browser)
      and t.expires_at > now()
    returning t.customer_id, t.user_id into s;
  end if;
  if s.user_id is null then
    raise exception 'entry refused: state' using errcode = 'TN003';
  end if;

  select l.role, l.status, c.status as customer_status, c.timezone, tenancy.is_open(c.status, c.trial_ends_at) as customer_open
  into f
  from platform.logins l
  join platform.customers c on c.customer_id = l.customer_id
  where (l.customer_id, l.user_id) = (s.customer_id, s.user_id);
  if f.status is distinct from 'active' then
    raise exception 'entry refused: person' using errcode = 'TN002';
  end if;
  if f.customer_open is not true then
    raise exception 'entry refused: customer' using errcode = tenancy.closed(f.customer_status);
  end if;

  ignored := concat(
    set_config('app.customer_id', s.customer_id, true),
    set_config('app.user_id', s.user_id::text, true),
    set_config('app.role', f.role, true),
    set_config('app.acting_as', '', true),
    set_config('app.service_id', '', true),
    case when p_read_only
      then set_config('transaction_read_only', 'on', true)
      else set_config('app.session_id', '', true)
    end);
  p_zone := f.timezone;
end
$$;

comment on procedure tenancy.enter_callback is 'Enters a customer as the person who began a connection; answers its time zone.';
