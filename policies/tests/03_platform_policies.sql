-- The tables of platform: which role sees which rows. own: those of the customer it entered; persons: of the person who
-- acts there; operators: of the operator who acts outside of any.
begin;
-- In a schema that nobody else may use: its functions run SQL given as text.
create schema if not exists pgtap;
create extension if not exists pgtap schema pgtap;
set local search_path = pgtap, public;

create temporary table expected (tab text, role text, sees text) on commit drop;
insert into expected
select w.tab, split_part(s, ' ', 1), split_part(s, ' ', 2)
from (values
  ('customers',         array['portal_app own', 'portal_worker own', 'portal_mover own', 'portal_auth all', 'portal_platform all', 'portal_definer all']),
  ('usage',             array['portal_app own', 'portal_mover own', 'portal_platform all', 'portal_definer all']),
  ('operators',         array['portal_auth all', 'portal_platform all', 'portal_definer all']),
  ('logins',            array['portal_app own', 'portal_worker own', 'portal_mover own', 'portal_auth all', 'portal_definer all']),
  ('identities',        array['portal_app own', 'portal_mover own', 'portal_auth all']),
  ('sessions',          array['portal_mover own', 'portal_auth all', 'portal_platform all', 'portal_definer all']),
  ('invitations',       array['portal_app own', 'portal_mover own', 'portal_auth all', 'portal_platform all', 'portal_definer all']),
  ('service_tokens',    array['portal_app own', 'portal_mover own', 'portal_auth all']),
  ('receiving_numbers', array['portal_mover own', 'portal_auth all', 'portal_definer all']),
  ('login_states',      array['portal_mover own', 'portal_auth all', 'portal_definer all']),
  ('login_attempts',    array['portal_auth all', 'portal_definer all']),
  ('audit_log',         array['portal_app own', 'portal_worker own', 'portal_mover own', 'portal_auth all', 'portal_platform all']),
  ('idempotency_keys',  array['portal_app persons', 'portal_mover own', 'portal_platform operators', 'portal_definer all'])
) as w (tab, seen)
cross join unnest(w.seen) as s;

-- Narrower still: who may write the secrets of people, and what makes people.
create temporary table bars (tab text, name text, role text, command text, expression text) on commit drop;
insert into bars values
  ('logins', 'own_login', 'portal_app', 'UPDATE', '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND ((( SELECT tenancy.role() AS role) = ''Admin''::text) OR (user_id = ( SELECT tenancy.user_id() AS user_id))))'),
  ('identities', 'own_identity', 'portal_app', 'DELETE', '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND ((( SELECT tenancy.role() AS role) = ''Admin''::text) OR (user_id = ( SELECT tenancy.user_id() AS user_id))))'),
  ('invitations', 'admin_invites', 'portal_app', 'INSERT', '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))'),
  ('invitations', 'own_invitation', 'portal_platform', 'INSERT', '(invited_by_operator = ( SELECT tenancy.acting_as() AS acting_as))'),
  ('service_tokens', 'admin_issues', 'portal_app', 'INSERT', '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))'),
  ('service_tokens', 'admin_revokes', 'portal_app', 'UPDATE', '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))'),
  ('operators', 'own_account', 'portal_platform', 'UPDATE', '(id = ( SELECT tenancy.acting_as() AS acting_as))'),
  ('sessions', 'own_switch', 'portal_platform', 'INSERT', '((operator_id = ( SELECT tenancy.acting_as() AS acting_as)) AND (parent_id = ( SELECT tenancy.session_id() AS session_id)))');

select plan((select 1 + 2 * count(distinct tab) + 3 * count(*) from expected)::int + (select 3 * count(*) from bars)::int);

select tables_are('platform', (select array_agg(distinct tab::name) from expected), 'platform has these tables');

select policies_are('platform', tab, array_agg(name::name), format('platform.%I has these policies', tab))
from (select tab, format('%s_%s', role, sees) as name from expected union all select tab, name from bars) as p
group by tab;

select ok(c.relrowsecurity and c.relforcerowsecurity, format('row security of platform.%I is enabled and forced', c.relname))
from pg_class c
where c.relnamespace = 'platform'::regnamespace and c.relkind in ('r', 'p');

select policy_roles_are('platform', tab, format('%s_%s', role, sees), array[role::name], format('%s_%s on platform.%I is to %1$s', role, sees, tab))
from expected;

select policy_cmd_is('platform', tab, format('%s_%s', role, sees), 'ALL', format('%s_%s on platform.%I is for every command', role, sees, tab))
from expected;

select is(
  array[pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)],
  array_fill(case e.sees
    when 'own' then '(customer_id = ( SELECT tenancy.customer_id() AS customer_id))'
    when 'persons' then '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (person = ( SELECT tenancy.person() AS person)))'
    when 'operators' then '((customer_id IS NULL) AND (person = ( SELECT tenancy.person() AS person)))'
    else 'true'
  end, array[2]),
  format('%s sees %s rows of platform.%I', e.role, e.sees, e.tab))
from expected e
left join pg_policy p on p.polrelid = format('platform.%I', e.tab)::regclass and p.polname = format('%s_%s', e.role, e.sees);

select policy_roles_are('platform', tab, name, array[role::name], format('%s on platform.%I is to %s', name, tab, role))
from bars;

select policy_cmd_is('platform', tab, name, command, format('%s on platform.%I is for %s', name, tab, command))
from bars;

select is(
  coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') || p.polpermissive,
  b.expression || 'false',
  format('%s on platform.%I restricts to what is said', b.name, b.tab))
from bars b
left join pg_policy p on p.polrelid = format('platform.%I', b.tab)::regclass and p.polname = b.name;

select * from finish();
rollback;
