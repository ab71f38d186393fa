package moving

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving"
)

// As portal_mover, inside one company, nothing of another is seen, changed or made, in any table; the company's own is.
func TestMover_IsHeldByTheWall(t *testing.T) {
	t.Parallel()
	p := full(t)
	mover := harness.ConnectAs(t, "portal_mover", p.Database)
	rows, _ := p.Super.Query(t.Context(), `
		select t.name, has_any_column_privilege('portal_mover', t.oid, 'select') and exists (
			select from pg_attribute a where a.attrelid = t.oid and a.attname = 'customer_id' and has_column_privilege('portal_mover', t.oid, a.attnum, 'select')),
			has_table_privilege('portal_mover', t.oid, 'delete')
		from tenancy.our_tables t
		where exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'customer_id')`)
	type table struct {
		Name          string
		Reads, Delete bool
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	if err != nil || len(tables) < 40 {
		t.Fatal(len(tables), err)
	}
	count := func(name, company string) int {
		return harness.Query[int](p, `select count(*) from `+name+` where customer_id = $1`, company)
	}
	for _, of := range tables {
		if !of.Reads {
			continue
		}
		for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
			own, foreign := seen(t, mover, of.Name, company, company), seen(t, mover, of.Name, company, other)
			if own != count(of.Name, company) || own == 0 || foreign != 0 {
				t.Errorf("%s, as %s: %d own rows of %d, %d of another", of.Name, company, own, count(of.Name, company), foreign)
			}
		}
		if n := seen(t, mover, of.Name, "", harness.CompanyA); n != 0 {
			t.Errorf("%s: %d rows without a company", of.Name, n)
		}
	}
	// A delete without any condition takes what is the company's, and is taken back.
	for _, of := range tables {
		if !of.Delete {
			t.Errorf("%s keeps rows of a customer that is erased", of.Name)
		}
	}
	before := count("portal.winter_ops_logs", harness.CompanyB)
	inside(t, mover, harness.CompanyA, `delete from portal.winter_ops_logs`)
	if n := count("portal.winter_ops_logs", harness.CompanyB); n != before || count("portal.winter_ops_logs", harness.CompanyA) != 0 {
		t.Errorf("%d rows of the other company, of %d", n, before)
	}
	// The company of a row is the context's: it cannot be named.
	if _, err := mover.Exec(t.Context(), `set app.customer_id = 'AAAA22222'`); err != nil {
		t.Fatal(err)
	}
	for _, company := range []string{harness.CompanyB, harness.CompanyA} {
		_, err := mover.Exec(t.Context(), `insert into portal.winter_products (customer_id, name, unit) values ($1, 'Sand', 'bags')`, company)
		if harness.SQLState(err) != "42501" {
			t.Errorf("a row that names %s: %v", company, err)
		}
	}
	_, err = mover.Exec(t.Context(), `insert into platform.customers (customer_id, company_name) values ('EVIL99999', 'x')`)
	if harness.SQLState(err) != "42501" {
		t.Errorf("another company: %v", err)
	}
}

func seen(t *testing.T, mover *pgx.Conn, table, as, of string) (n int) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), mover, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `set local app.customer_id = '`+as+`'`); err != nil {
			return err
		}
		return tx.QueryRow(t.Context(), `select count(*) from `+table+` where customer_id = $1`, of).Scan(&n)
	})
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	return n
}

func inside(t *testing.T, mover *pgx.Conn, company, sql string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), mover, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `set local app.customer_id = '`+company+`'`); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), sql)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Nobody of the API, and no DBA's role, can become portal_mover, and it cannot log in.
func TestMover_IsNobodys(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker", "portal_inspector", "portal_auditor"} {
		conn := harness.ConnectAs(t, role, database)
		if _, err := conn.Exec(t.Context(), `set role portal_mover`); harness.SQLState(err) != "42501" {
			t.Errorf("%s becomes portal_mover: %v", role, err)
		}
		// What the triggers ask, whoever asks.
		if _, err := conn.Exec(t.Context(), `set app.role = 'portal_mover'; set session authorization portal_mover`); harness.SQLState(err) != "42501" {
			t.Errorf("%s is portal_mover: %v", role, err)
		}
	}
	if conn, err := pgx.Connect(t.Context(), harness.Suite.Cluster.URL("portal_mover", database)); err == nil {
		_ = conn.Close(t.Context())
		t.Error("portal_mover logs in")
	}
}

// A landing that fails leaves nothing, and its error names the table and the rule, and no value.
func TestLanding_IsAllOrNothing(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	land := func(rows [][]any) error {
		return install.Begin(t.Context(), databaseURL(p), pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
			l, err := moving.Open(ctx, tx, harness.CompanyA, nil)
			if err != nil {
				return err
			}
			if err := l.Stage(ctx, "portal.winter_products"); err != nil {
				return err
			}
			if _, err := l.Copy(ctx, "portal.winter_products", []string{"name", "unit"}, pgx.CopyFromRows(rows)); err != nil {
				return err
			}
			n, err := l.Insert(ctx, "portal.winter_products", "id", "name", "unit")
			if err == nil && n != int64(len(rows)) {
				t.Errorf("%d rows of %d", n, len(rows))
			}
			return err
		})
	}
	products := `select count(*) from portal.winter_products where customer_id = $1`
	before, other := harness.Query[int](p, products, harness.CompanyA), harness.Query[int](p, products, harness.CompanyB)
	err := land([][]any{{"Sand of Alder", "bags"}, {"secret-" + strings.Repeat("x", 300), "bags"}})
	if err == nil || !strings.Contains(err.Error(), "portal.winter_products") || strings.Contains(err.Error(), "secret-") {
		t.Errorf("a row that breaks a rule: %v", err)
	}
	if n := harness.Query[int](p, products, harness.CompanyA); n != before {
		t.Errorf("%d products, of %d", n, before)
	}
	if err := land([][]any{{"Sand of Alder", "bags"}, {"Grit of Alder", "bags"}}); err != nil {
		t.Error(err)
	}
	if n, b := harness.Query[int](p, products, harness.CompanyA), harness.Query[int](p, products, harness.CompanyB); n != before+2 || b != other {
		t.Errorf("%d products, of %d; %d of the other company, of %d", n, before, b, other)
	}
}
