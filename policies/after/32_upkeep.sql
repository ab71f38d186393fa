-- What is over is deleted, so that tables stay bounded; a worker asks for it now and then, outside of any customer.
-- Nothing younger than its term goes, whatever time is asked for, and no more than p_most rows at once.

create or replace function tenancy.prune(p_what text, p_now timestamptz, p_most integer) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  by_now constant timestamptz := least(p_now, now());
  c record;
  n bigint;
  gone bigint := 0;
  ignored text;
begin
  if tenancy.customer_id() is not null then
    raise exception 'upkeep is of no customer' using errcode = 'TN015';
  end if;

  case p_what
  when 'login_attempts' then
    delete from platform.login_attempts t where t.id in (
      select o.id from platform.login_attempts o where o.at < by_now - interval '7 days' order by o.at limit p_most);
  when 'login_states' then
    delete from platform.login_states t where t.state in (
      select o.state from platform.login_states o where o.expires_at < by_now order by o.expires_at limit p_most);
  when 'idempotency_keys' then
    delete from platform.idempotency_keys t where t.id in (
      select o.id from platform.idempotency_keys o where o.at < by_now - interval '24 hours' limit p_most);
  when 'invitations' then
    delete from platform.invitations t where (t.customer_id, t.id) in (
      select o.customer_id, o.id from platform.invitations o
      where coalesce(o.accepted_at, o.revoked_at, o.expires_at) < by_now - interval '90 days' limit p_most);
  when 'sessions' then
    -- Switches first: they refer to the session that they were made in.
    delete from platform.sessions t where t.id in (
      select o.id from platform.sessions o
      where least(o.revoked_at, o.expires_at) < by_now - interval '30 days'
        and not exists (select from platform.sessions s where s.parent_id = o.id)
      limit p_most);
  when 'outbox', 'weather_data', 'customer_export_parts' then
    for c in select o.customer_id from platform.customers o loop
      ignored := set_config('app.customer_id', c.customer_id, true);
      if p_what = 'outbox' then
        delete from portal.outbox t where t.id in (
          select o.id from portal.outbox o where o.finished_at < by_now - interval '30 days' limit p_most - gone);
      elsif p_what = 'customer_export_parts' then
        delete from portal.customer_export_parts t where t.id in (
          select p.id
          from portal.customer_export_parts p
          join portal.customer_exports e on (e.customer_id, e.id) = (p.customer_id, p.export_id)
          where e.expires_at < by_now
          limit p_most - gone);
      else
        delete from portal.weather_data t where t.id in (
          select o.id from portal.weather_data o where o.expires_at < by_now - interval '7 days' limit p_most - gone);
      end if;
      get diagnostics n = row_count;
      gone := gone + n;
      exit when gone >= p_most;
    end loop;
    ignored := set_config('app.customer_id', '', true);
    return gone;
  end case;
  get diagnostics gone = row_count;
  return gone;
end
$$;

comment on function tenancy.prune is 'Deletes what is over of one table, for the workers; answers how many rows.';
