-- What the server asks before it serves, and who owns and may call which function.

-- The version of the schema and the number of error-level findings. No data.
create or replace function tenancy.state(out schema_version int, out errors bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select
    (select v.version from tenancy.schema_version v),
    (select count(*) from tenancy.audit('error'));
end;

comment on function tenancy.state is 'Schema version and number of error-level audit findings, for start-up and /readyz.';

-- How far a standby is, in bytes of the log. A primary is at its end, and needs to receive nothing.
create or replace function tenancy.replay(out receiving boolean, out received bigint, out replayed bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select
    not pg_is_in_recovery() or exists (select from pg_stat_get_wal_receiver() w where w.pid is not null),
    coalesce(pg_last_wal_receive_lsn() - '0/0'::pg_lsn, 0)::bigint,
    coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn, 0)::bigint;
end;

comment on function tenancy.replay is 'Whether a standby receives, and how much of the log it has received and replayed, for /readyz.';

-- What an export goes by: three registers and the version of the schema. No data.
create or replace function tenancy.moving(out version int, out unmoved jsonb, out secrets jsonb, out soft_references jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select
    (select v.version from tenancy.schema_version v),
    (select jsonb_object_agg(u.table_name, u.reason) from tenancy.unmoved_tables u),
    (select jsonb_agg(s.table_name || '.' || s.column_name) from tenancy.secret_columns s),
    (select jsonb_agg(jsonb_build_object('table', r.table_name, 'column', r.column_name, 'target', r.target, 'condition', r.condition)) from tenancy.soft_references r);
end;

comment on function tenancy.moving is 'The version of the schema, and which tables and columns of a customer do not move, are secret, or refer without a foreign key.';

do $$
declare
  f record;
  wanted text;
  -- A managed installer may hand a function only to a role that can create in the schema.
  borrowed constant boolean := not (select rolsuper from pg_roles where rolname = current_user);
begin
  if borrowed then
    grant create on schema tenancy to portal_definer;
  end if;
  for f in
    select p.oid, p.oid::regprocedure as signature, p.proname, p.proowner::regrole::text as owner, p.prokind
    from pg_proc p
    where p.pronamespace in ('tenancy'::regnamespace, 'jobs'::regnamespace)
      and p.prorettype <> 'event_trigger'::regtype
  loop
    wanted := case when f.proname in (select d.name from tenancy.definer_functions d) then 'portal_definer' else 'portal_owner' end;
    if f.owner <> wanted then
      execute format('alter routine %s owner to %I', f.signature, wanted);
    end if;
    execute format('revoke all on routine %s from public', f.signature);
  end loop;
  if borrowed then
    revoke create on schema tenancy from portal_definer;
  end if;
end
$$;

grant usage on schema tenancy to portal_app, portal_auth, portal_platform, portal_worker, portal_mover, portal_inspector, portal_auditor, portal_definer;

-- Defaults of columns and the expressions of policies run as the caller.
grant execute on function tenancy.customer_id(), tenancy.user_id(), tenancy.role(), tenancy.acting_as(), tenancy.service_id()
  to portal_app, portal_auth, portal_platform, portal_worker, portal_mover, portal_inspector, portal_definer;
-- Triggers ask it.
grant execute on function tenancy.moves() to portal_app, portal_auth, portal_worker, portal_mover, portal_definer;
grant execute on function tenancy.person() to portal_app, portal_platform;
grant execute on function tenancy.session_id() to portal_platform, portal_definer;
grant execute on function tenancy.actor_name() to portal_app, portal_auth, portal_platform, portal_worker, portal_mover;
grant execute on function tenancy.operator_name() to portal_app, portal_platform;

-- The audit's views call these as whoever reads them.
grant execute on function tenancy.wall(), tenancy.expression(pg_node_tree, oid), tenancy.always_true(text), tenancy.always_false(text),
  tenancy.disjuncts(text), tenancy.posture_facts(text[]), tenancy.drift(text[]), tenancy.orphans(), tenancy.shared_ids(), tenancy.audit(text),
  tenancy.policy_remedy(text, text), tenancy.revocation(text, oid, text, text[]), tenancy.membership_remedy(oid, oid), tenancy.index_dropped(oid), tenancy.setting_reset(text, text),
  tenancy.tenant_first(oid), tenancy.tenant_paired(oid), tenancy.drift_remedy(text, text, text, text[], text[])
  to portal_auditor, portal_definer;
grant execute on function tenancy.combined_policy(oid, name, "char", boolean), tenancy.effective_policy(text, name, text)
  to portal_auditor;
grant execute on function tenancy.posture_hash() to portal_auditor, portal_definer;
grant execute on function tenancy.is_open(text, timestamptz) to portal_auth, portal_definer;
grant execute on function tenancy.closed(text) to portal_definer;

grant execute on procedure tenancy.enter(text, text, bigint, text, bigint, uuid, boolean) to portal_app;
grant execute on procedure tenancy.enter_guest(text, text) to portal_auth;
grant execute on procedure tenancy.enter_operator(bigint, uuid, boolean) to portal_platform;
grant execute on procedure tenancy.enter_webhook(text, text) to portal_auth;
grant execute on function tenancy.webhook_token(), tenancy.webhook_person(text) to portal_auth;
grant execute on procedure tenancy.stop_messages(text) to portal_app, portal_auth, portal_worker;
grant execute on procedure tenancy.claim_number(boolean, text) to portal_app;
grant execute on procedure tenancy.prove_number(text) to portal_app, portal_worker;
-- In an index of the queue.
grant execute on function jobs.river_job_state_in_bitmask(bit, jobs.river_job_state) to portal_worker, portal_definer;
grant execute on procedure tenancy.enter_job(text, bigint) to portal_worker;
grant execute on procedure tenancy.enter_callback(text, text, text, bytea, boolean) to portal_app;
grant execute on function tenancy.begin_connection(text, text, bytea) to portal_app;
grant execute on function tenancy.enqueue(text, bigint, text, timestamptz, bigint) to portal_app, portal_auth, portal_worker;
grant execute on function tenancy.jobs(), tenancy.retry_job(bigint), tenancy.discard_job(bigint) to portal_app;
grant execute on function tenancy.sessions(), tenancy.end_session(uuid) to portal_app;
grant execute on function tenancy.prune(text, timestamptz, integer) to portal_worker;
grant execute on function tenancy.lock_properties() to portal_app, portal_worker, portal_mover;
grant execute on function tenancy.moving() to portal_worker, portal_mover;
grant execute on function tenancy.state() to portal_app, portal_auth, portal_platform, portal_worker, portal_auditor;
grant execute on function tenancy.replay() to portal_app;
grant execute on function tenancy.isolation() to portal_platform;
