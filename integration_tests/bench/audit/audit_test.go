// Package audit measures the audit of a database with very many tables, and what the gate costs whoever makes another.
package audit

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/audit"
	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/schema"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	goalSeconds = 3
	goalRatio   = 10
	made        = 20 // tables, to compare with and without the gate
)

// tables is how many there are besides the portal's; BENCH_TABLES is another number.
func tables(b *testing.B) int {
	b.Helper()
	text := os.Getenv("BENCH_TABLES")
	if text == "" {
		return 2_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// large is what installs the portal with n more tables, all of one migration.
func large(b *testing.B, n int) install.Source {
	b.Helper()
	source := schema.Source()
	all := fstest.MapFS{}
	names, err := fs.Glob(source.Migrations, "*.sql")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		sql, err := fs.ReadFile(source.Migrations, name)
		if err != nil {
			b.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: sql}
	}
	all[fmt.Sprintf("%03d_make_many_tables.sql", len(names)+1)] = &fstest.MapFile{Data: fmt.Appendf(nil, `
do $$
begin
  for i in 1..%d loop
    execute format('create table portal.extra_%%s (
      customer_id text not null default tenancy.customer_id(), id bigint generated always as identity, name text not null, location_id bigint,
      primary key (customer_id, id),
      foreign key (customer_id) references platform.customers (customer_id),
      foreign key (customer_id, location_id) references portal.locations (customer_id, id))', i);
  end loop;
end
$$;
---- create above / drop below ----
do $$
begin
  for i in 1..%d loop
    execute format('drop table portal.extra_%%s', i);
  end loop;
end
$$;
`, n, n)}
	source.Migrations = all
	return source
}

// BenchmarkAudit audits the large database, and makes tables in it under the gate and without.
func BenchmarkAudit(b *testing.B) {
	n := tables(b)
	database := harness.CloneDatabase(b)
	conn := harness.ConnectAs(b, "", database)
	run := func(sql string) {
		b.Helper()
		if _, err := conn.PgConn().Exec(b.Context(), sql).ReadAll(); err != nil {
			b.Fatal(err)
		}
	}
	gate := func(word string) {
		b.Helper()
		run(`alter event trigger portal_gate_change ` + word + `; alter event trigger portal_gate_drop ` + word)
	}
	start := time.Now()
	if err := install.Up(b.Context(), large(b, n), harness.Options(harness.Suite.Cluster, database)); err != nil {
		b.Fatal(err)
	}
	b.Logf("portal migrate makes and walls %d more tables in %.1f s", n, time.Since(start).Seconds())
	run("analyze")
	for b.Loop() {
		fresh := harness.ConnectAs(b, "", database)
		start := time.Now()
		report, err := audit.Run(b.Context(), fresh)
		if err != nil {
			b.Fatal(err)
		}
		seconds := time.Since(start).Seconds()
		if report.Count(audit.Error) > 0 {
			b.Fatalf("%v", report.Findings[0])
		}
		b.ReportMetric(seconds, "s-audit")
		b.Logf("audit: %.1f s (goal %d)", seconds, goalSeconds)

		under := makeTables(b, fresh)
		gate("disable")
		without := makeTables(b, fresh)
		gate("enable always")
		b.ReportMetric(under.Seconds()/without.Seconds(), "x-gate")
		b.Logf("create table: %.1f ms under the gate, %.1f ms without, %.1f times (goal %d)",
			under.Seconds()*1000, without.Seconds()*1000, under.Seconds()/without.Seconds(), goalRatio)
	}
}

// makeTables is how long it takes to make one, of some that are dropped again.
func makeTables(b *testing.B, conn *pgx.Conn) time.Duration {
	b.Helper()
	start := time.Now()
	for i := range made {
		_, err := conn.Exec(b.Context(), fmt.Sprintf(`create table portal.made_%d (
			customer_id text not null default tenancy.customer_id(), id bigint generated always as identity, primary key (customer_id, id))`, i))
		if err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(start) / made
	for i := range made {
		if _, err := conn.Exec(b.Context(), fmt.Sprintf(`drop table portal.made_%d`, i)); err != nil {
			b.Fatal(err)
		}
	}
	return took
}
