package database

// What the plants begin with: a tenant table as it should be, but for what the fault says.
const (
	walled = `; call tenancy.ensure_row_security('portal.planted');
		call tenancy.ensure_policy('portal.planted', 'wall', 'restrictive', 'all', array['public'], tenancy.wall(), tenancy.wall())`
	customerColumn = `customer_id text not null default tenancy.customer_id() references platform.customers`
	plantedTable   = `create table portal.planted (` + customerColumn + `, id bigint generated always as identity, note text, primary key (customer_id, id))` + walled
	plantedGone    = `drop table portal.planted`

	dropDoors = `drop policy app_door on portal.locations; drop policy mover_door on portal.locations; drop policy inspector_door on portal.locations`
	dropWall  = `drop policy wall on portal.locations`
	putDoors  = `call tenancy.ensure_policy('portal.locations', 'app_door', 'permissive', 'all', array['portal_app'], tenancy.wall(), tenancy.wall());
		call tenancy.ensure_policy('portal.locations', 'mover_door', 'permissive', 'all', array['portal_mover'], tenancy.wall(), tenancy.wall());
		call tenancy.ensure_policy('portal.locations', 'inspector_door', 'permissive', 'select', array['portal_inspector'], tenancy.wall(), null)`
	putWall = `call tenancy.ensure_policy('portal.locations', 'wall', 'restrictive', 'all', array['public'], tenancy.wall(), tenancy.wall())`
)

var tableFaults = []fault{
	{
		lint:  "rls_disabled",
		plant: `alter table portal.locations disable row level security`,
		mend:  `alter table portal.locations enable row level security`,
		also:  []string{`alter table platform.sessions disable row level security`, `create table portal.planted (id int); alter table portal.planted disable row level security`},
		near:  []string{`alter table portal.locations no force row level security`, `create table public.planted (id int)`},
	},
	{
		lint:  "rls_not_forced",
		plant: `alter table portal.locations no force row level security`,
		mend:  `alter table portal.locations force row level security`,
		also:  []string{`alter table platform.logins no force row level security`},
		near: []string{
			`alter table portal.locations disable row level security`,
			`create table public.planted (id int); alter table public.planted enable row level security`,
		},
	},
	{
		lint:  "policy_but_rls_off",
		plant: `alter table portal.locations disable row level security`,
		mend:  `alter table portal.locations enable row level security`,
		near: []string{
			`alter table portal.locations no force row level security`,
			dropDoors + `; ` + dropWall + `; alter table portal.locations disable row level security`,
		},
	},
	{
		lint: "rls_no_policy", severity: "warning",
		plant: dropDoors + `; ` + dropWall,
		mend:  putWall,
		near:  []string{dropDoors, dropWall, dropDoors + `; ` + dropWall + `; alter table portal.locations disable row level security`, `create table platform.planted (id int)`},
	},
	{
		lint: "only_restrictive", severity: "warning",
		plant: dropDoors,
		mend:  putDoors,
		near:  []string{`drop policy app_door on portal.locations`, dropDoors + `; ` + dropWall},
	},
	{
		lint:  "no_restrictive_wall",
		plant: dropWall,
		mend:  putWall,
		also: []string{
			dropWall + `; create policy wall on portal.locations to public using (customer_id = (select tenancy.customer_id()))`,
			dropWall + `; create policy wall on portal.locations as restrictive to portal_app using (customer_id = (select tenancy.customer_id()))`,
			dropWall + `; create policy wall on portal.locations as restrictive for select using (customer_id = (select tenancy.customer_id()))`,
			dropWall + `; create policy wall on portal.locations as restrictive using (true)`,
			`alter policy wall on portal.locations with check (true)`,
		},
		near: []string{
			dropDoors,
			`create policy second on portal.locations as restrictive for select using (plow)`,
			dropWall + `; create policy under_another_name on portal.locations as restrictive using (customer_id = (select tenancy.customer_id()))`,
		},
	},
	{
		lint:  "wall_not_canonical",
		plant: `alter policy wall on portal.locations using (customer_id = tenancy.customer_id())`,
		mend:  dropWall + `; ` + putWall,
		also: []string{
			`alter policy wall on portal.locations with check (true)`,
			dropWall + `; create policy wall on portal.locations as restrictive using (customer_id = (select tenancy.customer_id()))`,
		},
		near: []string{dropWall, `alter policy app_door on portal.locations using (customer_id = tenancy.customer_id())`},
	},
	{
		lint:  "door_drift",
		plant: `create policy planted on portal.locations to portal_app using (customer_id = (select tenancy.customer_id()))`,
		mend:  `drop policy planted on portal.locations`,
		also: []string{
			dropDoors,
			`alter policy app_door on portal.users with check (customer_id = (select tenancy.customer_id()))`,
			`alter policy app_door on portal.api_keys to portal_app, portal_auth`,
			`drop policy admin_deletes on portal.users`,
			`alter policy admin_deletes on portal.users using (customer_id = (select tenancy.customer_id()))`,
			`create policy planted on portal.locations as restrictive using (plow)`, `alter policy wall on portal.locations rename to no_wall`,
			door(`customer_id = 'AAAA22222'`), door(`customer_id = current_setting('app.customer_id')`), door(mine + ` and name = (select tenancy.role())`),
		},
		near: []string{dropWall, `create policy planted on platform.sessions to portal_app using (false)`},
	},
	{
		lint:  "platform_policy_drift",
		plant: `drop policy portal_auth_all on platform.identities`,
		mend:  `create policy portal_auth_all on platform.identities to portal_auth using (true) with check (true)`,
		also: []string{
			`create policy planted on platform.customers to portal_app using (true)`,
			`alter policy portal_app_own on platform.customers using (true)`,
			`alter policy portal_app_own on platform.customers to portal_app, portal_platform`,
		},
		near: []string{dropDoors, `create policy planted on portal.locations to portal_app using (true)`},
	},
	{
		lint: "command_uncovered", severity: "warning",
		plant: `grant insert on portal.locations to portal_inspector`,
		mend:  `revoke insert on portal.locations from portal_inspector`,
		also:  []string{`grant select (email) on platform.logins to portal_platform`, `grant delete on portal.users to portal_platform`},
		near:  []string{`grant insert on portal.locations to portal_app`, `grant select on platform.sessions to portal_backup`},
	},
	{
		lint:  "unregistered_table",
		plant: `create table platform.planted (id int)`,
		mend:  `drop table platform.planted`,
		also: []string{
			`create table tenancy.planted (id int)`,
			`create table public.planted (id int); grant select on public.planted to portal_app`,
			`create table public.planted (id int); grant insert (id) on public.planted to public`,
			`create role stranger; create table public.planted as select * from portal.locations; grant select on public.planted to stranger`,
			`create role stranger; create schema apart; grant usage on schema apart to stranger; create table apart.planted as table platform.logins;
			alter table apart.planted rename customer_id to company; alter table apart.planted rename company to customer_id; grant select (email) on apart.planted to stranger`,
			`set local allow_system_table_mods = on; create table information_schema.planted as select customer_id, email from portal.users; grant select on information_schema.planted to public`,
			`set local allow_system_table_mods = on; create table pg_catalog.planted as select customer_id, email from portal.users; grant select on pg_catalog.planted to portal_app`,
			`create role lent; create role stranger; grant lent to stranger; create table public.planted as select 1 as one, customer_id from portal.users; grant select on public.planted to lent`,
		},
		near: []string{
			`create table public.planted (id int)`,
			`create role stranger; create table public.planted (id int); grant select on public.planted to stranger`,
			`create table public.planted as select * from portal.locations`,
			`create role stranger; create schema apart; create table apart.planted as select * from portal.locations; grant select on apart.planted to stranger`,
			`create schema apart; create table apart.planted (id int); grant select on apart.planted to portal_app`,
			plantedTable,
		},
	},
	{
		lint: "unlogged_or_temp_tenant_table", severity: "warning",
		plant: `create unlogged table portal.planted (id int)`,
		mend:  `alter table portal.planted set logged`,
		near:  []string{`create unlogged table public.planted (id int)`, `create temporary table planted (customer_id text)`},
	},
	{
		lint:  "tenant_col_missing",
		plant: `create table portal.planted (id int)`,
		mend:  `alter table portal.planted add customer_id text`,
		near:  []string{`create table platform.planted (id int)`, plantedTable},
	},
	{
		lint:  "tenant_col_nullable",
		plant: `create table portal.planted (customer_id text)`,
		mend:  `alter table portal.planted alter customer_id set not null`,
		near:  []string{`create table portal.planted (id int)`, `create table public.planted (customer_id text)`},
	},
	{
		lint:  "tenant_col_type_mismatch",
		plant: `create table portal.planted (customer_id varchar(9) not null)`,
		mend:  `alter table portal.planted alter customer_id type text`,
		also:  []string{`create table portal.planted (customer_id bigint not null)`, `create domain public.c as text; create table portal.planted (customer_id public.c)`},
		near:  []string{`create table portal.planted (customer_id text collate "C")`, `create table portal.planted (id int, customer varchar(9))`},
	},
	{
		lint: "tenant_col_default_missing", severity: "warning",
		plant: `alter table portal.locations alter customer_id drop default`,
		mend:  `alter table portal.locations alter customer_id set default tenancy.customer_id()`,
		also:  []string{`alter table portal.locations alter customer_id set default 'AAAA22222'`},
		near:  []string{`alter table platform.logins alter customer_id drop default`, `alter table portal.locations alter plow drop default`},
	},
	{
		lint:  "tenant_col_updatable",
		plant: `grant update (customer_id) on portal.locations to portal_app`,
		mend:  `revoke update (customer_id) on portal.locations from portal_app`,
		also: []string{
			`grant insert (id) on portal.locations to portal_app`, `grant update on portal.locations to portal_app`,
			`grant update (customer_id) on portal.locations to public`,
		},
		near: []string{`grant update (name) on portal.locations to portal_app`, `grant select (customer_id) on portal.locations to portal_app`},
	},
	{
		lint: "tenant_col_not_fk", severity: "warning",
		plant: `alter table portal.locations drop constraint locations_belong_to_a_customer`,
		mend:  `alter table portal.locations add foreign key (customer_id) references platform.customers`,
		near: []string{
			`alter table portal.property_contractors drop constraint property_is_of_the_same_customer`,
			`alter table platform.audit_log drop constraint audit_log_belongs_to_a_customer`,
		},
	},
	{
		lint: "id_not_identity", severity: "warning",
		plant: `alter table portal.locations alter id drop identity`,
		mend:  `alter table portal.locations alter id add generated always as identity`,
		also:  []string{`alter table portal.locations alter id set generated by default`},
		near: []string{
			`create table portal.planted (` + customerColumn + `, list_id bigint, primary key (customer_id, list_id))`,
			`alter table platform.invitations alter id drop identity`,
		},
	},
	{
		lint: "stray_table", severity: "warning",
		plant: `create table portal.planted (id int)`,
		mend:  `drop table portal.planted`,
		also:  []string{plantedTable, `create table portal.planted (id int); grant select on portal.planted to portal_backup`},
		near: []string{
			`create table public.planted (id int)`, `create table portal.planted (id int); grant select on portal.planted to portal_app`,
			`create table portal.planted (id int); grant update (id) on portal.planted to portal_inspector`,
			`create table portal.planted (id int); grant select on portal.planted to portal_definer`,
			`create table portal.planted (id int); grant insert on portal.planted to public`,
			`create table portal.planted (id int); create role planted_reader; grant select on portal.planted to planted_reader`,
		},
	},
	{
		lint: "no_primary_key", severity: "warning",
		plant: `create table portal.planted (` + customerColumn + `, id bigint)`,
		mend:  `alter table portal.planted add primary key (customer_id, id)`,
		also:  []string{`create table portal.planted (` + customerColumn + `, id bigint, unique (customer_id, id))`},
		near:  []string{`create table public.planted (id int)`, plantedTable},
	},
	{
		lint: "rls_col_unindexed", severity: "warning",
		plant: `create table portal.planted (` + customerColumn + `, id bigint primary key)`,
		mend:  `create index on portal.planted (customer_id)`,
		also:  []string{`create table portal.planted (` + customerColumn + `, id bigint); create index on portal.planted (customer_id) where id > 7`},
		near:  []string{`create table portal.planted (id int)`, `create table portal.planted (` + customerColumn + `, id bigint, unique (customer_id, id))`},
	},
}
