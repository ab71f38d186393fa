package database

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/migrations"
	"contractor-portal/schema"
)

// Under FORCE an owner's backfill touches no row, and a late foreign key is validated over nothing. A
// migration sees all rows all the same, whoever installs, and FORCE is back whatever came of it.
func TestBackfill_SeesAllCustomers(t *testing.T) {
	t.Parallel()
	for _, installer := range []string{"superuser", "managed"} {
		t.Run(installer, func(t *testing.T) {
			t.Parallel()
			o, owner := installation(t, installer)

			// Outside of a migration the owner of a managed database is walled off.
			tag, err := owner.installer.Exec(t.Context(), "update portal.locations set notes = 'outside'")
			if err != nil || (tag.RowsAffected() == 0) != (installer == "managed") {
				t.Errorf("outside of a migration: %v, %v", tag, err)
			}

			added := []string{backfill}
			owner.migrates(o, added, "")
			owner.sees("properties left out", 0, `select count(*) from portal.locations where remark is distinct from upper(name)`)
			owner.sees("companies left out", 0, `select count(*) from platform.customers where billing_email is distinct from 'bills@example.com'`)
			owner.sees("companies with three properties", 2,
				`select count(*) from (select from portal.locations where remark is not null group by customer_id having count(*) = 3) as c`)

			added = append(added, saltOrders)
			owner.migrates(o, added, "")
			owner.sees("salt orders", 3, `select count(*) from portal.salt_orders`)

			added = append(added, lateForeignKey)
			owner.migrates(o, added, "23503")
			owner.sees("foreign keys of salt orders to properties", 0, lateForeignKeysSQL)
			owner.does(`delete from portal.salt_orders where property_id = 0`)
			owner.migrates(o, added, "")
			owner.sees("foreign keys of salt orders to properties", 1, lateForeignKeysSQL)

			added = append(added, `update portal.locations set remark = null; select 1 / 0;`)
			owner.migrates(o, added, "22012")
			owner.sees("properties that lost their remark", 0, `select count(*) from portal.locations where remark is null`)
		})
	}
}

// Ctrl-C ends the installer's connection in the middle of a migration.
func TestBackfill_CancelledPutsForceBack(t *testing.T) {
	t.Parallel()
	for _, installer := range []string{"superuser", "managed"} {
		t.Run(installer, func(t *testing.T) {
			t.Parallel()
			o, owner := installation(t, installer)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o.Say = func(line string) {
				if strings.HasPrefix(line, "migration ") {
					time.AfterFunc(200*time.Millisecond, cancel)
				}
			}
			s := extended(t, []string{`update portal.locations set notes = 'half'; select pg_sleep(60);`})
			if err := install.Up(ctx, s, o); err == nil {
				t.Fatal("a cancelled installation succeeded")
			}
			owner.forced()
			owner.sees("properties half migrated", 0, `select count(*) from portal.locations where notes = 'half'`)
		})
	}
}

const (
	backfill = `
alter table portal.locations add remark text;
update portal.locations set remark = upper(name);
update platform.customers set billing_email = 'bills@example.com';
---- create above / drop below ----
alter table portal.locations drop remark;`

	// One order of each company, and one of a property that is nowhere.
	saltOrders = `
create table portal.salt_orders (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  property_id bigint not null,
  primary key (customer_id, id),
  constraint salt_orders_belong_to_a_customer foreign key (customer_id) references platform.customers (customer_id)
);
insert into portal.salt_orders (customer_id, property_id) select customer_id, min(id) from portal.locations group by customer_id;
insert into portal.salt_orders (customer_id, property_id) select min(customer_id), 0 from platform.customers;
---- create above / drop below ----
drop table portal.salt_orders;`

	lateForeignKey = `
alter table portal.salt_orders add constraint property_is_of_the_same_customer
  foreign key (customer_id, property_id) references portal.locations (customer_id, id);
---- create above / drop below ----
alter table portal.salt_orders drop constraint property_is_of_the_same_customer;`

	lateForeignKeysSQL = `
select count(*) from pg_constraint
where conrelid = 'portal.salt_orders'::regclass and contype = 'f' and conname = 'property_is_of_the_same_customer' and convalidated`
)

// An owned database is seen from two sides: by its installer, and by a superuser.
type owned struct {
	t                *testing.T
	installer, super *pgx.Conn
}

// installation installs a database with the two companies, as a superuser or as a managed server's
// customer would.
func installation(t *testing.T, installer string) (install.Options, owned) {
	t.Helper()
	c, database := harness.Suite.Cluster, "managed"
	var o install.Options
	if installer == "managed" {
		c = harness.OwnCluster(t)
		o = managedDatabase(t, c)
		up(t, o)
		if err := harness.Seed(t.Context(), o.URL); err != nil {
			t.Fatal(err)
		}
	} else {
		database = harness.CloneDatabase(t)
		o = harness.Options(c, database)
	}
	return o, owned{t: t, installer: harness.ConnectTo(t, o.URL), super: harness.ConnectTo(t, c.URL("", database))}
}

// extended is what the program installs, with more migrations behind the last one.
func extended(t *testing.T, added []string) install.Source {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := migrations.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	for i, sql := range added {
		files[fmt.Sprintf("%03d_of_this_test.sql", len(names)+i+1)] = &fstest.MapFile{Data: []byte(sql + "\n---- create above / drop below ----\nselect 1;\n")}
	}
	s := schema.Source()
	s.Migrations = files
	return s
}

// migrates installs with more migrations, of which the last one fails where a code is wanted.
func (w owned) migrates(o install.Options, added []string, code string) {
	w.t.Helper()
	err := install.Up(w.t.Context(), extended(w.t, added), o)
	switch {
	case code == "" && err != nil:
		w.t.Fatal(err)
	case code != "" && (err == nil || !strings.Contains(err.Error(), "("+code+")") || !strings.Contains(err.Error(), "of_this_test.sql")):
		w.t.Errorf("got %v, want an error of the migration with %s", err, code)
	}
	w.forced()
	s, err := install.Read(w.t.Context(), extended(w.t, added), o)
	if err != nil {
		w.t.Fatal(err)
	}
	if missing := s.Newest - s.Version; (missing == 1) != (code != "") || missing > 1 {
		w.t.Errorf("at version %d of %d", s.Version, s.Newest)
	}
}

func (w owned) forced() {
	w.t.Helper()
	w.sees("tables without FORCE", 0, `
		select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname in ('portal', 'platform') and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`)
}

func (w owned) sees(what string, want int, sql string) {
	w.t.Helper()
	var n int
	if err := w.super.QueryRow(w.t.Context(), sql).Scan(&n); err != nil || n != want {
		w.t.Errorf("%d %s, want %d (%v)", n, what, want, err)
	}
}

func (w owned) does(sql string) {
	w.t.Helper()
	if _, err := w.super.Exec(w.t.Context(), sql); err != nil {
		w.t.Fatal(err)
	}
}
