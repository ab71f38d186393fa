package database

// door makes a permissive policy beside the others of portal.locations.
func door(expression string) string {
	return `create policy planted on portal.locations to portal_app using (` + expression + `)`
}

const (
	mine     = `customer_id = (select tenancy.customer_id())`
	doorGone = `drop policy planted on portal.locations`
)

var policyFaults = []fault{
	{
		lint: "always_true", severity: "warning",
		plant: door(`true`),
		mend:  doorGone,
		also: []string{
			door(`1 = 1`), door(`'a' = 'a'`), door(`customer_id = customer_id`), door(`not false`),
			`alter policy wall on portal.locations using (true)`,
			`alter policy app_door on portal.locations with check (true)`,
			`create policy planted on platform.sessions to portal_app using (true)`,
			`create policy planted on portal.locations as restrictive using (true)`,
		},
		near: []string{door(`name = 'true'`), door(`plow`), door(`id = 1 and 1 = sqft`), door(mine)},
	},
	{
		lint:  "or_true_branch",
		plant: door(mine + ` or true`),
		mend:  doorGone,
		also:  []string{door(`plow or (salt and (sqft > 3 or 1 = 1))`), `alter policy wall on portal.locations using (` + mine + ` or 'x' = 'x')`},
		near:  []string{door(mine + ` or plow`), door(`name = ' OR true OR '`), door(`true`), door(`plow and true`)},
	},
	{
		lint: "constant_false", severity: "warning",
		plant: door(`false`),
		mend:  doorGone,
		also:  []string{door(`1 = 2`), door(`null::boolean`), `create policy planted on portal.locations as restrictive using (not true)`},
		near:  []string{door(`name = 'false'`), door(`not plow`), door(`sqft = 2`)},
	},
	{
		lint:  "null_context_disjunct",
		plant: door(mine + ` or (select tenancy.customer_id()) is null`),
		mend:  doorGone,
		also: []string{
			door(`current_setting('app.customer_id', true) is null or ` + mine),
			door(`coalesce(current_setting('app.customer_id', true), '') = '' or ` + mine),
			`alter policy wall on portal.locations with check (plow and ((select tenancy.user_id()) is null or salt))`,
			door(`not ((select tenancy.customer_id()) is not null) or ` + mine),
			door(`((select tenancy.customer_id()) is null)::boolean is true or ` + mine),
			door(mine + ` or (select tenancy.customer_id()) is not distinct from null`),
			door(mine + ` or not (coalesce(current_setting('app.customer_id', true), '') <> '')`),
			door(`(` + mine + `) is not false`), door(`coalesce(` + mine + `, true)`),
		},
		near: []string{
			door(mine + ` and (select tenancy.acting_as()) is null`),
			door(`notes is null or ` + mine),
			door(mine + ` or (plow and (select tenancy.acting_as()) is null)`),
			door(mine + ` and not ((select tenancy.user_id()) is null)`), door(mine + ` or not (notes is not null)`),
			door(`coalesce(plow, true) and ` + mine + ` and coalesce(salt, true)`), door(mine + ` and plow is not false`),
		},
	},
	{
		lint:  "guc_admin_bypass",
		plant: `create policy planted on platform.sessions to portal_app using ((select tenancy.role()) = 'Admin')`,
		mend:  `drop policy planted on platform.sessions`,
		also: []string{
			`alter policy wall on portal.locations using (` + mine + ` or (select tenancy.role()) = 'Admin')`,
			dropWall + `; ` + door(mine+` or current_setting('app.is_admin', true) = 'true'`),
		},
		near: []string{
			door(`(select tenancy.role()) = 'Admin'`),
			door(mine + ` or (select tenancy.role()) = 'Admin'`),
			`create policy planted on portal.locations as restrictive using ((select tenancy.role()) = 'Admin')`,
			`create policy planted on platform.sessions to portal_app using (customer_id = (select tenancy.customer_id()) and (select tenancy.role()) = 'Admin')`,
		},
	},
	{
		lint: "no_own_column", severity: "warning",
		plant: door(`(select tenancy.role()) = 'Admin'`),
		mend:  doorGone,
		also:  []string{door(`current_date > '2020-01-01'`)},
		near:  []string{door(`plow and (select tenancy.role()) = 'Admin'`), door(`true`)},
	},
	{
		lint: "role_name_compare", severity: "warning",
		plant: door(`name = current_user`),
		mend:  doorGone,
		also:  []string{door(`name = session_user`), door(`pg_has_role(name::name, 'member')`)},
		near:  []string{door(`name = 'CURRENT_USER'`), door(`name = (select tenancy.role())`)},
	},
	{
		lint:  "bare_current_setting_cast",
		plant: door(`id = current_setting('app.user_id', true)::bigint`),
		mend:  doorGone,
		also: []string{
			door(`id = (select current_setting('app.user_id')::bigint)`),
			`create function tenancy.planted() returns bigint language sql stable as $$ select current_setting('app.user_id', true)::bigint $$`,
		},
		near: []string{
			door(`id = nullif(current_setting('app.user_id', true), '')::bigint`),
			door(`name = current_setting('app.user_id', true)::text`),
			`create function public.planted() returns bigint language sql stable as $$ select current_setting('app.user_id', true)::bigint $$`,
		},
	},
	{
		lint:  "wrong_guc_name",
		plant: door(`customer_id = current_setting('app.custmer_id', true)`),
		mend:  doorGone,
		also: []string{
			door(`customer_id = current_setting('request.jwt.claims', true)`), door(`customer_id = current_setting('customer_id', true)`),
			`create function tenancy.planted() returns text language sql stable as $$ select current_setting('app.tenant', true) $$`,
		},
		near: []string{
			door(`customer_id = current_setting('app.customer_id', true)`),
			door(`name = current_setting('server_version')`),
			`create function public.planted() returns text language sql stable as $$ select current_setting('app.tenant', true) $$`,
		},
	},
	{
		lint: "current_setting_one_arg", severity: "warning",
		plant: door(`customer_id = (select current_setting('app.customer_id'))`),
		mend:  doorGone,
		also:  []string{door(mine + ` and name = current_setting('app.role')`), `create policy planted on platform.sessions as restrictive using (id = nullif(current_setting('app.session_id'), '')::uuid)`},
		near:  []string{door(`customer_id = (select current_setting('app.customer_id', true))`), door(`name = current_setting('server_version')`), door(`name = 'current_setting(''app.role'')'`)},
	},
	{
		lint: "hardcoded_literal", severity: "warning",
		plant: door(`customer_id = 'AAAA22222'`),
		mend:  doorGone,
		also: []string{
			door(mine + ` or 'AAAA22222' = customer_id`), door(`customer_id in ('AAAA22222', 'BBBB33333')`), door(`customer_id::varchar = 'AAAA22222'`),
			`alter policy wall on portal.locations using (` + mine + ` or customer_id = 'AAAA22222')`,
			`create policy planted on platform.sessions to portal_app using (customer_id <> 'AAAA22222')`,
		},
		near: []string{door(`name = 'AAAA22222'`), door(`name = 'customer_id = ''AAAA22222'''`), door(mine), door(`id = 1`)},
	},
	{
		lint: "exists_of_anybody", severity: "warning",
		plant: door(`exists (select from portal.users u where u.role = 'Admin')`),
		mend:  doorGone,
		also: []string{
			door(mine + ` or exists (select from portal.users u where u.role in ('Admin', 'Manager') and (u.status = 'active' or u.id > 7))`),
			`create policy planted on platform.sessions to portal_app using (exists (select from platform.operators o where o.status = 'active'))`,
			door(`not exists (select from portal.routes)`),
		},
		near: []string{
			door(`exists (select from portal.users u where u.id = (select tenancy.user_id()) and u.role = 'Admin')`), door(`exists (select from portal.users u where u.id = locations.id)`),
			door(`id in (select r.id from portal.routes r)`), door(`name = 'exists (select from portal.users)'`),
		},
	},
	{
		lint: "unknown_role", severity: "warning",
		plant: door(mine + ` and (select tenancy.role()) = 'Administrator'`),
		mend:  doorGone,
		also:  []string{door(`tenancy.role() = 'admin'`), `create policy planted on platform.logins as restrictive using ((select tenancy.role()) <> 'Owner')`},
		near: []string{
			door(mine + ` and (select tenancy.role()) = 'Manager'`), door(mine + ` and (select tenancy.role()) = 'webhook'`), door(`name = 'Administrator'`),
			door(mine + ` and (select tenancy.role()) = name`),
		},
	},
	{
		lint:  "written_before_login",
		plant: `create policy planted on portal.locations for insert to portal_auth with check (` + mine + `)`,
		mend:  `alter policy planted on portal.locations to portal_app`,
		also: []string{
			`create policy planted on portal.routes to portal_app, portal_auth using (` + mine + `)`, `create policy planted on platform.usage for update to portal_auth using (true)`,
			`alter policy app_door on portal.api_keys to portal_app, portal_auth`,
		},
		near: []string{
			`create policy planted on portal.locations for select to portal_auth using (` + mine + `)`, `create policy planted on portal.locations as restrictive to portal_auth using (plow)`,
			door(mine),
		},
	},
	{
		lint:  "with_check_missing",
		plant: `create policy planted on portal.locations for insert to portal_app`,
		mend:  doorGone,
		also:  []string{`create policy planted on portal.locations as restrictive`},
		near:  []string{door(`plow`), `create policy planted on portal.locations for insert to portal_app with check (plow)`, `create policy planted on portal.locations for delete to portal_app`},
	},
	{
		lint:  "with_check_weaker_than_using",
		plant: door(mine) + ` with check (true)`,
		mend:  doorGone,
		also:  []string{`alter policy portal_app_own on platform.logins with check (role = 'User')`},
		near:  []string{door(mine), door(mine) + ` with check (` + mine + ` and plow)`, door(`plow`) + ` with check (true)`},
	},
	{
		lint:  "cross_policy_check_union",
		plant: dropWall + `; create policy planted on portal.locations for insert to portal_app with check (plow)`,
		mend:  doorGone,
		also:  []string{`create policy planted on platform.logins for update to portal_app using (status = 'active')`},
		near: []string{
			`create policy planted on portal.locations for insert to portal_app with check (plow)`,
			dropWall + `; create policy planted on portal.locations for insert to portal_inspector with check (plow)`,
			dropWall + `; create policy planted on portal.locations as restrictive for insert to portal_app with check (plow)`,
		},
	},
	{
		lint:  "secret_written_by_all",
		plant: `drop policy own_login on platform.logins`,
		mend:  `revoke update (password_hash) on platform.logins from portal_app`,
		also: []string{
			`alter policy own_login on platform.logins using (` + mine + `)`,
			`drop policy admin_invites on platform.invitations`,
			`drop policy own_account on platform.operators`,
			`alter policy app_door on portal.api_keys using (` + mine + `) with check (` + mine + `)`,
			`grant update (subject) on platform.identities to portal_app; create or replace view tenancy.secret_columns as
				select 'platform.identities'::text as table_name, 'subject'::text as column_name, array['portal_auth'] as readers, true as is_credential`,
		},
		near: []string{
			`drop policy own_login on platform.logins; revoke update (password_hash) on platform.logins from portal_app`,
			`grant update (subject) on platform.identities to portal_app`,
		},
	},
	{
		lint:  "to_public",
		plant: `create policy planted on portal.locations using (` + mine + `)`,
		mend:  `alter policy planted on portal.locations to portal_app`,
		also:  []string{`create policy planted on platform.sessions using (false)`},
		near:  []string{`create policy planted on portal.locations as restrictive using (plow)`, door(mine)},
	},
	{
		lint: "to_bypass_role", severity: "warning",
		plant: `create policy planted on portal.locations to portal_backup using (` + mine + `)`,
		mend:  doorGone,
		near:  []string{door(mine), `create policy planted on portal.locations to portal_owner using (` + mine + `)`},
	},
	{
		lint: "volatile_function", severity: "warning",
		plant: door(`name <> random()::text`),
		mend:  doorGone,
		also:  []string{`create function tenancy.planted() returns text language sql return 'x'; ` + door(`name = tenancy.planted()`)},
		near:  []string{door(`created_at < now()`), door(`lower(name) = 'x'`), `create function tenancy.planted() returns text language sql return 'x'`},
	},
	{
		lint:  "immutable_reads_session",
		plant: `create function public.planted() returns text language sql immutable return current_setting('app.customer_id', true)`,
		mend:  `alter function public.planted() stable`,
		also: []string{
			`create function public.planted() returns text language sql immutable as $$ select tenancy.customer_id() $$`,
			`create function public.planted() returns text language plpgsql immutable as $$ begin return current_user; end $$`,
		},
		near: []string{
			`create function public.planted() returns text language sql stable return current_setting('app.customer_id', true)`,
			`create function public.planted() returns text language sql immutable return 'current_setting(''x'')'`,
		},
	},
	{
		lint: "pattern_match_on_context", severity: "warning",
		plant: door(`customer_id like (select tenancy.customer_id())`),
		mend:  doorGone,
		also:  []string{door(`customer_id ~ (select tenancy.customer_id())`), door(`name ilike '%x'`), door(`starts_with(name, 'x') or name ^@ 'y'`)},
		near:  []string{door(`name = 'a ~ b'`), door(mine)},
	},
	{
		lint: "subquery_on_unprotected_table", severity: "warning",
		plant: `create table public.planted (id bigint); ` + door(`exists (select from public.planted p where p.id = locations.id)`),
		mend:  `alter table public.planted enable row level security`,
		near:  []string{door(`exists (select from portal.users u where u.id = locations.id)`), `create table public.planted (id bigint); ` + door(mine)},
	},
	{
		lint:  "policy_recursion",
		plant: door(`exists (select from portal.locations l where l.id > locations.id)`),
		mend:  doorGone,
		near:  []string{door(`exists (select from portal.users u where u.id = locations.id)`), door(mine)},
	},
	{
		lint: "email_as_identity", severity: "warning",
		plant: `create policy planted on portal.users to portal_app using (email = (select tenancy.role()))`,
		mend:  `drop policy planted on portal.users`,
		near: []string{
			`create policy planted on portal.users to portal_app using (username = 'email')`,
			`create policy planted on portal.users to portal_app using (id = (select tenancy.user_id()))`,
		},
	},
	{
		lint: "placeholder_name", severity: "warning",
		plant: `create policy test on portal.locations to portal_app using (plow)`,
		mend:  `alter policy test on portal.locations rename to drivers_door`,
		also: []string{
			`create policy policy1 on portal.locations to portal_app using (plow)`, `create policy "New Policy" on portal.locations to portal_app using (plow)`,
			`create policy allow_all on portal.locations to portal_app using (plow)`,
		},
		near: []string{
			`create policy latest_door on portal.locations to portal_app using (plow)`,
			`create policy testers_door on portal.locations to portal_app using (plow)`,
			`create table public.planted (id int); create policy test on public.planted using (true)`,
		},
	},
	{
		lint: "not_initplan_wrapped", severity: "warning",
		plant: door(`customer_id = tenancy.customer_id()`),
		mend:  doorGone,
		also: []string{
			door(`customer_id = current_setting('app.customer_id', true)`),
			door(`id in (select u.id from portal.users u where u.customer_id = tenancy.customer_id())`),
		},
		near: []string{
			door(mine), door(`customer_id = (select current_setting('app.customer_id', true))`),
			door(`lower(name) = 'tenancy.customer_id()'`),
			door(`id = (select nullif(current_setting('app.user_id', true), '')::bigint)`),
			door(`id = (select coalesce(tenancy.user_id(), 0)) and name = (select lower(tenancy.role()))`),
		},
	},
	{
		lint: "function_body_unwrapped", severity: "warning",
		plant: `create function tenancy.planted(c text) returns boolean language sql stable return c = tenancy.customer_id(); ` + door(`tenancy.planted(customer_id)`),
		mend:  doorGone,
		near: []string{
			`create function tenancy.planted(c text) returns boolean language sql stable return c = 'x'; ` + door(`tenancy.planted(customer_id)`),
			`create function tenancy.planted() returns text language sql stable return tenancy.customer_id(); ` + door(`customer_id = (select tenancy.planted())`),
			`create function tenancy.planted(c text) returns boolean language sql stable return c = tenancy.customer_id()`,
		},
	},
	{
		lint: "policy_function_not_pinned",
		plant: `create function tenancy.planted() returns text language sql stable as $$ select tenancy.customer_id() $$; ` +
			door(`customer_id = (select tenancy.planted())`),
		mend: `alter function tenancy.planted() set search_path = pg_catalog, pg_temp`,
		also: []string{
			`create function tenancy.planted() returns text language sql stable return 'x'; grant create on schema tenancy to portal_app;
			alter function tenancy.planted() owner to portal_app; ` + door(`customer_id = (select tenancy.planted())`),
		},
		near: []string{
			`create function tenancy.planted() returns text language sql stable return tenancy.customer_id(); ` + door(`customer_id = (select tenancy.planted())`),
			`create function tenancy.planted() returns text language sql stable as $$ select tenancy.customer_id() $$`,
			door(`lower(name) = 'x'`),
		},
	},
	{
		lint: "index_defeated_by_function", severity: "warning",
		plant: door(`lower(customer_id) = (select tenancy.customer_id())`),
		mend:  doorGone,
		also: []string{
			door(`customer_id::varchar = (select tenancy.customer_id())`),
			door(`coalesce(customer_id, '') = (select tenancy.customer_id())`),
			door(`(customer_id || '') = (select tenancy.customer_id())`),
		},
		near: []string{
			door(`lower(name) = 'lower(customer_id)'`), door(mine),
			door(`exists (select from unnest(array['AAAA22222']) as entered (customer_id) where entered.customer_id = locations.customer_id)`),
		},
	},
}
