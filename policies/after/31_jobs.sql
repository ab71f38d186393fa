-- Jobs: work that outlives a request. The queue is river's and stands in schema jobs, of which no role of the API but
-- portal_worker has any right. What stands here are its doors: each takes the customer from the context, never from an
-- argument, and tenancy.job_kinds says who may ask for what. A job carries an id and nothing else.
--
-- A job is made in the transaction of the change that wants it, and is there when that has committed.

-- Makes a job, or brings forward the one that waits already under the same key (p_single; null: each is one of its own).
-- That row stays locked until this transaction ends, so that no worker takes it before the change can be seen. One that
-- another transaction holds is passed over and a second made: nobody waits here, and the second finds nothing to do.
--
-- A personal job runs in the name of whoever acts. Nobody acts where a message has come in: portal_auth says whose it is.
--
-- TN015: the kind is not for this role, or there is no customer, or nobody for a personal job. Who asks is the
-- session's role: the function runs as another one.
create or replace function tenancy.enqueue(p_kind text, p_id bigint, p_single text, p_at timestamptz, p_person bigint) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  customer constant text := tenancy.customer_id();
  person constant bigint := case session_user when 'portal_auth' then p_person else tenancy.user_id() end;
  due constant timestamptz := coalesce(p_at, now());
  k record;
  job bigint;
begin
  select * into k from tenancy.job_kinds j where j.kind = p_kind and session_user = any (j.askers);
  if not found or customer is null or k.is_personal and person is null then
    raise exception 'no such job may be asked for' using errcode = 'TN015';
  end if;

  if p_single is not null then
    select j.id into job
    from jobs.river_job j
    where (j.customer_id, j.kind, j.single_key) = (customer, p_kind, p_single)
      and j.state in ('available', 'scheduled', 'retryable')
    order by j.id
    limit 1
    for update skip locked;
  end if;
  if job is not null then
    update jobs.river_job j
    set scheduled_at = due, state = case when due <= now() then 'available' else j.state end
    where j.id = job
      and j.scheduled_at > due;
  else
    insert into jobs.river_job (customer_id, user_id, single_key, kind, args, queue, max_attempts, state, scheduled_at)
    values (customer, case when k.is_personal then person end, p_single, p_kind, jsonb_build_object('id', p_id), k.queue, k.max_attempts,
      case when due <= now() then 'available' else 'scheduled' end::jobs.river_job_state, due)
    returning id into job;
  end if;

  -- The statement and not pg_notify: it takes no text from anybody.
  if due <= now() then
    if k.queue = 'messages' then
      notify "jobs.river_insert", '{"queue":"messages"}';
    elsif k.queue = 'errands' then
      notify "jobs.river_insert", '{"queue":"errands"}';
    else
      notify "jobs.river_insert", '{"queue":"inbound"}';
    end if;
  end if;
  return job;
end
$$;

comment on function tenancy.enqueue is 'Makes a job of the customer that entered; tenancy.job_kinds says who may ask for what.';

-- What an Admin sees of the own customer's jobs. The error is a code of ours; the queue stores no text and no stack.
create or replace function tenancy.jobs() returns table (
  id bigint, kind text, state text, attempt smallint, max_attempts smallint,
  created_at timestamptz, scheduled_at timestamptz, finalized_at timestamptz, error text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select j.id, j.kind, j.state::text, j.attempt, j.max_attempts, j.created_at, j.scheduled_at, j.finalized_at,
      j.errors[cardinality(j.errors)] ->> 'error'
    from jobs.river_job j
    where j.customer_id = tenancy.customer_id()
      and tenancy.role() = 'Admin';
end
$$;

comment on function tenancy.jobs() is 'The jobs of the own customer, for its Admins.';

-- Both answer whether there was such a job: of the own customer, not running, and for retry not done.
create or replace function tenancy.retry_job(p_job bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update jobs.river_job j
  set state = 'available', scheduled_at = now(), finalized_at = null, max_attempts = greatest(j.max_attempts, j.attempt + 1)
  where j.id = p_job
    and j.customer_id = tenancy.customer_id()
    and tenancy.role() = 'Admin'
    and j.state in ('retryable', 'scheduled', 'discarded', 'cancelled');
  return found;
end
$$;

create or replace function tenancy.discard_job(p_job bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update jobs.river_job j
  set state = 'discarded', finalized_at = now()
  where j.id = p_job
    and j.customer_id = tenancy.customer_id()
    and tenancy.role() = 'Admin'
    and j.state in ('available', 'retryable', 'scheduled');
  return found;
end
$$;

comment on function tenancy.retry_job is 'Has a job of the own customer run again now, for its Admins.';
comment on function tenancy.discard_job is 'Gives up a job of the own customer that waits, for its Admins.';

-- The way in of a job. The customer and the person are those of the claimed job's own row; of the person the present role
-- counts.
--
-- Refusals: TN003 no such job runs; TN002 its person is not active any more; TN004 the customer is suspended or its trial
-- over; TN008 it is on its move; TN009 the customer is cancelled, and nothing of it will run again.
create or replace procedure tenancy.enter_job(inout p_zone text, p_job bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f record;
  ignored text;
begin
  select j.customer_id, j.user_id, l.role, l.status as person, c.status, c.timezone, tenancy.is_open(c.status, c.trial_ends_at) as customer_open
  into f
  from jobs.river_job j
  join platform.customers c on c.customer_id = j.customer_id
  left join platform.logins l on (l.customer_id, l.user_id) = (j.customer_id, j.user_id)
  where j.id = p_job
    and j.state = 'running';

  if not found then
    raise exception 'entry refused: job' using errcode = 'TN003';
  end if;
  if f.status = 'cancelled' then
    raise exception 'entry refused: customer' using errcode = 'TN009';
  end if;
  if f.customer_open is not true then
    raise exception 'entry refused: customer' using errcode = tenancy.closed(f.status);
  end if;
  if f.user_id is not null and f.person is distinct from 'active' then
    raise exception 'entry refused: person' using errcode = 'TN002';
  end if;

  ignored := concat(
    set_config('app.customer_id', f.customer_id, true),
    set_config('app.user_id', coalesce(f.user_id::text, ''), true),
    set_config('app.role', coalesce(f.role, ''), true),
    set_config('app.acting_as', '', true),
    set_config('app.service_id', '', true),
    set_config('app.session_id', '', true));
  p_zone := f.timezone;
end
$$;

comment on procedure tenancy.enter_job is 'Enters the customer of a running job, for portal_worker alone; answers its time zone.';
