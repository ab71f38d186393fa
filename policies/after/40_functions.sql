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
    where p.pronamespace = 'tenancy'::regnamespace
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

grant usage on schema tenancy to portal_app, portal_auth, portal_platform, portal_inspector, portal_auditor, portal_definer;

-- Defaults of columns and the expressions of policies run as the caller.
grant execute on function tenancy.customer_id(), tenancy.user_id(), tenancy.role(), tenancy.acting_as()
  to portal_app, portal_auth, portal_platform, portal_inspector, portal_definer;
grant execute on function tenancy.person() to portal_app, portal_platform;
grant execute on function tenancy.session_id() to portal_platform, portal_definer;
grant execute on function tenancy.actor_name() to portal_app, portal_auth, portal_platform;
grant execute on function tenancy.operator_name() to portal_app, portal_platform;

-- The audit's views call these as whoever reads them.
grant execute on function tenancy.wall(), tenancy.expression(pg_node_tree, oid), tenancy.always_true(text), tenancy.always_false(text),
  tenancy.disjuncts(text), tenancy.posture_facts(text[]), tenancy.drift(text[]), tenancy.orphans(), tenancy.audit(text)
  to portal_auditor, portal_definer;
grant execute on function tenancy.combined_policy(oid, name, "char", boolean), tenancy.effective_policy(text, name, text), tenancy.posture_hash()
  to portal_auditor;
grant execute on function tenancy.is_open(text, timestamptz) to portal_auth, portal_definer;

grant execute on procedure tenancy.enter(text, text, bigint, text, bigint, uuid, boolean) to portal_app;
grant execute on procedure tenancy.enter_guest(text, text) to portal_auth;
grant execute on procedure tenancy.enter_operator(bigint, uuid, boolean) to portal_platform;
grant execute on function tenancy.lock_properties() to portal_app;
grant execute on function tenancy.state() to portal_app, portal_auth, portal_platform, portal_auditor;
