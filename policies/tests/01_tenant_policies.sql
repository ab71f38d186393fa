-- Each tenant table: one wall, the three doors, and no policy that this page does not name.
--
--   pg_prove --dbname postgres://… policies/tests/*.sql
begin;
-- In a schema that nobody else may use: its functions run SQL given as text.
create schema if not exists pgtap;
create extension if not exists pgtap schema pgtap;
set local search_path = pgtap, public;

-- Said here again, by hand: the registers of policies/after are not asked.
create temporary table expected on commit drop as
select c.relname::text as tab, p.policy, p.command, p.role
from pg_class c
cross join (values
  ('wall',           'ALL',    'public'),
  ('app_door',       'ALL',    'portal_app portal_worker'),
  ('mover_door',     'ALL',    'portal_mover'),
  ('inspector_door', 'SELECT', 'portal_inspector')
) as p (policy, command, role)
where c.relnamespace = 'portal'::regnamespace
  and c.relkind in ('r', 'p')
union all
values
  ('users',              'guest_door',   'ALL',    'portal_auth'),
  ('users',              'admin_deletes', 'DELETE', 'portal_app portal_worker'),
  ('outbox',             'guest_door',   'INSERT', 'portal_auth'),
  ('outbox',             'upkeep_door',  'ALL',    'portal_definer'),
  ('weather_data',       'upkeep_door',  'ALL',    'portal_definer'),
  ('customer_exports',   'upkeep_door',  'SELECT', 'portal_definer'),
  ('customer_export_parts', 'upkeep_door', 'ALL',  'portal_definer'),
  ('sms_messages',       'webhook_door', 'ALL',    'portal_auth'),
  ('sms_messages',       'webhook_messages', 'ALL', 'portal_auth'),
  ('users',              'webhook_door', 'ALL',    'portal_definer'),
  ('sms_context',        'webhook_door', 'SELECT', 'portal_definer'),
  ('api_keys',           'webhook_door', 'SELECT', 'portal_definer'),
  ('equipment_rates',    'starter_door', 'INSERT', 'portal_definer'),
  ('winter_products',    'starter_door', 'INSERT', 'portal_definer'),
  ('landscape_products', 'starter_door', 'INSERT', 'portal_definer');

select plan(1 + (select count(distinct tab) * 4 + count(*) * 2 from expected)::int);

select cmp_ok((select count(distinct tab) from expected), '>=', 29::bigint, 'there are at least 29 tenant tables');

select policies_are('portal', tab, array_agg(policy::name), format('portal.%I has these policies', tab))
from expected
group by tab;

select policy_cmd_is('portal', tab, policy, command, format('%s on portal.%I is for %s', policy, tab, command))
from expected;

-- policy_roles_are knows no public: a policy to everyone has no role.
select policy_roles_are('portal', tab, policy, case role when 'public' then array[]::name[] else string_to_array(role, ' ')::name[] end,
  format('%s on portal.%I is to %s', policy, tab, role))
from expected;

select ok(c.relrowsecurity and c.relforcerowsecurity, format('row security of portal.%I is enabled and forced', c.relname))
from pg_class c
where c.relnamespace = 'portal'::regnamespace and c.relkind in ('r', 'p');

select ok(not p.polpermissive and p.polroles = '{0}', format('the wall of portal.%I is restrictive and to everyone', c.relname))
from pg_class c
join pg_policy p on p.polrelid = c.oid and p.polname = 'wall'
where c.relnamespace = 'portal'::regnamespace;

select is(
  array[pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)],
  array_fill('(customer_id = ( SELECT tenancy.customer_id() AS customer_id))'::text, array[2]),
  format('the wall of portal.%I compares the customer, when rows are read and when they are written', c.relname))
from pg_class c
join pg_policy p on p.polrelid = c.oid and p.polname = 'wall'
where c.relnamespace = 'portal'::regnamespace;

select * from finish();
rollback;
