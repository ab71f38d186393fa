package database

var keyFaults = []fault{
	{
		lint:  "unique_without_tenant",
		plant: `create unique index planted on portal.locations (id)`,
		mend:  `drop index portal.planted`,
		also: []string{
			`alter table portal.locations add constraint planted unique (id, address)`,
			`create unique index planted on portal.locations (id) where plow`,
			`create unique index planted on portal.locations (id, lower(name))`,
			`create unique index planted on portal.locations (id) include (customer_id)`,
			`alter table portal.locations add constraint planted exclude using btree (id with =)`,
			`create table portal.planted (` + customerColumn + `, id bigint primary key)`,
		},
		near: []string{
			`create index planted on portal.locations (address)`,
			`create unique index planted on portal.locations (id, customer_id)`,
			`create unique index planted on platform.audit_log (id)`,
		},
	},
	{
		lint: "unique_not_tenant_leading", severity: "warning",
		plant: `create unique index planted on portal.locations (id, customer_id)`,
		mend:  `drop index portal.planted`,
		near: []string{
			`create index planted on portal.locations (id, customer_id)`,
			`create unique index planted on portal.locations (customer_id, name)`,
			`create unique index planted on portal.locations (id)`,
		},
	},
	{
		lint: "index_not_tenant_leading", severity: "warning",
		plant: `create index planted on portal.locations (name)`,
		mend:  `drop index portal.planted`,
		also:  []string{`create index planted on portal.locations (name, customer_id)`, `create index planted on portal.locations (lower(name))`},
		near: []string{
			`create index planted on portal.locations (customer_id, name)`,
			`create unique index planted on portal.locations (id)`,
			`create index planted on platform.sessions (family_hash)`,
		},
	},
	{
		lint:  "platform_key_drift",
		plant: `create unique index planted on platform.sessions (family_hash)`,
		mend:  `drop index platform.planted`,
		also:  []string{`alter table platform.logins add unique (email, customer_id)`, `create unique index planted on platform.sessions (lower(user_id::text))`},
		near: []string{
			`create index planted on platform.sessions (family_hash)`,
			`create unique index planted on portal.locations (id)`,
			`create unique index planted on platform.sessions (id)`,
			`create table platform.planted (id int primary key)`,
		},
	},
	{
		lint:  "platform_key_writable",
		plant: `grant insert (id) on platform.audit_log to portal_app`,
		mend:  `revoke insert (id) on platform.audit_log from portal_app`,
		also:  []string{`grant update (subdomain) on platform.customers to portal_app`, `grant insert on platform.audit_log to public`},
		near: []string{
			`grant insert (id) on platform.audit_log to portal_platform`,
			`grant insert (id) on platform.invitations to portal_app`,
			`grant select (id) on platform.customers to portal_app`,
		},
	},
	{
		lint: "fk_without_tenant",
		plant: `alter table portal.users add constraint planted unique (id);
			alter table portal.locations add column planted bigint references portal.users (id)`,
		mend: `alter table portal.locations drop column planted`,
		also: []string{`alter table portal.users add constraint planted unique (id);
			alter table platform.invitations add column planted bigint references portal.users (id)`},
		near: []string{
			`alter table portal.locations add column planted bigint references platform.operators (id)`,
			`alter table portal.locations add column planted bigint, add foreign key (customer_id, planted) references portal.users (customer_id, id)`,
			`create table public.planted (id int primary key); alter table portal.locations add column planted int references public.planted (id)`,
		},
	},
	{
		lint: "fk_tenant_pair_misaligned",
		plant: `alter table portal.users add constraint planted unique (email, customer_id);
			alter table portal.locations add column planted text,
				add constraint planted foreign key (customer_id, planted) references portal.users (email, customer_id) not valid`,
		mend: `alter table portal.locations drop constraint planted`,
		near: []string{
			`alter table portal.users add constraint planted unique (email, customer_id);
			alter table portal.locations add column planted text, add foreign key (planted, customer_id) references portal.users (email, customer_id)`,
			`alter table portal.users add constraint planted unique (id);
			alter table portal.locations add column planted bigint references portal.users (id)`,
		},
	},
	{
		lint: "fk_cascade_cross",
		plant: `alter table portal.users add constraint planted unique (id);
			alter table portal.locations add column planted bigint references portal.users (id) on delete cascade`,
		mend: `alter table portal.locations drop column planted`,
		also: []string{`alter table portal.users add constraint planted unique (id);
			alter table portal.locations add column planted bigint references portal.users (id) on update set null`},
		near: []string{
			`alter table portal.users add constraint planted unique (id);
			alter table portal.locations add column planted bigint references portal.users (id) on delete restrict`,
			`alter table portal.locations add column planted bigint,
				add foreign key (customer_id, planted) references portal.users (customer_id, id) on delete cascade`,
		},
	},
	{
		lint: "fk_set_null_without_columns",
		plant: `alter table portal.locations add column planted bigint,
			add constraint planted foreign key (customer_id, planted) references portal.users (customer_id, id) on delete set null`,
		mend: `alter table portal.locations drop constraint planted,
			add constraint planted foreign key (customer_id, planted) references portal.users (customer_id, id) on delete set null (planted)`,
		also: []string{
			`alter table portal.locations add column planted bigint,
				add foreign key (customer_id, planted) references portal.users (customer_id, id) on delete set default (customer_id)`,
			`alter table portal.locations add column planted bigint,
				add foreign key (customer_id, planted) references portal.users (customer_id, id) on update set null`,
		},
		near: []string{
			`alter table portal.locations add column planted bigint,
				add foreign key (customer_id, planted) references portal.users (customer_id, id) on delete cascade`,
			`alter table portal.locations add column planted bigint references platform.operators (id) on delete set null`,
		},
	},
	{
		lint: "fk_not_validated", severity: "warning",
		plant: `alter table portal.locations add column planted bigint,
			add constraint planted foreign key (customer_id, planted) references portal.users (customer_id, id) not valid`,
		mend: `alter table portal.locations validate constraint planted`,
		near: []string{
			`alter table portal.locations add constraint planted check (id > 0) not valid`,
			`alter table portal.locations add column planted bigint,
				add constraint planted foreign key (customer_id, planted) references portal.users (customer_id, id)`,
		},
	},
	{
		lint:  "fk_match_simple_nullable",
		plant: `create table portal.planted (customer_id text, user_id bigint, foreign key (customer_id, user_id) references portal.users (customer_id, id))`,
		mend:  `alter table portal.planted alter customer_id set not null`,
		near: []string{
			`create table portal.planted (customer_id text not null, user_id bigint, foreign key (customer_id, user_id) references portal.users (customer_id, id))`,
			`create table portal.planted (customer_id text, user_id bigint, foreign key (customer_id, user_id) references portal.users (customer_id, id) match full)`,
			`create table portal.planted (customer_id text references platform.customers)`,
		},
	},
	{
		lint:  "fk_trigger_disabled",
		plant: `alter table portal.locations disable trigger touch`,
		mend:  `alter table portal.locations enable trigger touch`,
		also:  []string{`alter table portal.property_contractors disable trigger all`, `alter table platform.logins enable replica trigger unconfirm_login`},
		near: []string{
			`alter table portal.locations enable always trigger touch`,
			`create table public.planted (id int primary key); create table public.planted_child (id int references public.planted);
			alter table public.planted_child disable trigger all`,
		},
	},
	{
		lint: "id_in_two_customers", severity: "warning",
		plant: `insert into portal.locations (customer_id, id, name, address) overriding system value
			select 'BBBB33333', min(id), 'Theirs', 'Nowhere' from portal.locations where customer_id = 'AAAA22222'`,
		mend: `delete from portal.locations where name = 'Theirs'`,
		also: []string{`insert into portal.equipment_rates (customer_id, id, equipment_name) overriding system value
			select 'AAAA22222', max(id), 'Theirs' from portal.equipment_rates where customer_id = 'BBBB33333'`},
		near: []string{
			`insert into portal.locations (customer_id, id, name, address) overriding system value values ('BBBB33333', 987654, 'Theirs', 'Nowhere')`,
			`insert into portal.imported_rows (customer_id, source_table, first_key, keys, first_id) values ('AAAA22222', 'users', 1, 2, 1), ('BBBB33333', 'users', 1, 2, 1)`,
		},
	},
	{
		lint: "orphan",
		plant: `set local session_replication_role = replica;
			insert into portal.locations (customer_id, name, address) values ('ZZZZ99999', 'Nobody''s', 'Nowhere');
			set local session_replication_role = origin`,
		mend: `set local session_replication_role = replica; delete from portal.locations where customer_id = 'ZZZZ99999'`,
		also: []string{`set local session_replication_role = replica;
			insert into portal.property_list_items (customer_id, list_id, property_id) values ('AAAA22222', 1, 1)`},
		near: []string{
			`insert into portal.users (customer_id, name, email, contractor_id) values ('AAAA22222', 'Nobody''s', 'nobody@a.example', null)`,
			`set local session_replication_role = replica; insert into portal.locations (customer_id, name, address) values ('AAAA22222', 'Mine', 'Nowhere')`,
			`create table public.planted (id int primary key); create table public.planted_child (id int references public.planted);
			set local session_replication_role = replica; insert into public.planted_child values (1)`,
		},
	},
}
