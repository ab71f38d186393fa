-- portal: tenant tables, and views of them that read as their caller. platform: what must be known before a tenant is.
-- jobs: the tables of the job queue, which no role of the API reaches. tenancy: the context, the walls' functions, the audit.
do $$
declare
  s text;
begin
  foreach s in array array['portal', 'platform', 'jobs', 'tenancy'] loop
    if not exists (select from pg_namespace where nspname = s) then
      execute format('create schema %I authorization portal_owner', s);
    end if;
    if has_schema_privilege('public', s, 'usage') or has_schema_privilege('public', s, 'create') then
      execute format('revoke all on schema %I from public', s);
    end if;
  end loop;
end
$$;

comment on schema portal is 'Tenant tables and nothing else. Every row belongs to the customer in customer_id.';
comment on schema platform is 'What must be known before a customer is, or belongs to none.';
comment on schema jobs is 'The job queue (river). Doors of tenancy make and show jobs; portal_worker works them; nobody else has any right here.';
comment on schema tenancy is 'Context functions, the procedures that enter, the audit views.';

-- What stood when this installation began, until it ends. One that was not finished began with it.
create table if not exists tenancy.facts_before (
  kind   text not null,
  object text not null,
  fact   text not null
);

do $$
begin
  if to_regprocedure('tenancy.posture_facts(text[])') is not null and not exists (select from tenancy.facts_before) then
    insert into tenancy.facts_before (kind, object, fact)
    select f.kind, f.object, f.fact
    from tenancy.posture_facts('{table,grant,key,trigger,view,function,column,check,index,identity,sequence,statistics,rule,type,event trigger}') f;
  end if;
end
$$;

-- How this database was installed; one row.
create table if not exists tenancy.installation (
  only_row     boolean primary key default true constraint there_is_only_one_row check (only_row),
  by_superuser boolean not null,
  -- The version of the schema at which the foreign keys were last seen to hold in every row.
  references_checked int,
  installed_at timestamptz not null default now()
);

-- Findings of the audit that somebody answers for, until a day. Nobody of the API writes it.
create table if not exists tenancy.audit_exceptions (
  lint       text not null,
  -- As the finding names it.
  object     text not null,
  reason     text not null constraint reason_has_at_least_10_characters check (char_length(reason) >= 10),
  expires_on date not null,
  made_by    text not null default current_user,
  made_on    date not null default current_date,
  primary key (lint, object),
  constraint exception_lasts_at_most_a_year check (expires_on <= made_on + 366)
);

-- What the installer left behind, for the audit to compare with.
create table if not exists tenancy.baseline (
  kind   text not null,
  object text not null,
  fact   text not null
);
