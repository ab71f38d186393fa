package database

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/migrations"
	"contractor-portal/schema"
)

// The migration that makes addresses one, whatever their capitals and blanks, brings those that are there into one form.
// Where a company has two that are equal then, it names their ids and says what to do.
func TestFoldAddresses_NamesTwins(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	o := harness.Options(harness.Suite.Cluster, database)
	to(t, o, before(t, "fold_addresses"))
	super := harness.ConnectAs(t, "", database)
	// Below the newest version nothing is served: the triggers that count may not write.
	if _, err := super.Exec(t.Context(), `set session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	add := func(company, address string) (id string) {
		t.Helper()
		if err := super.QueryRow(t.Context(), `insert into portal.locations (customer_id, name, address) values ($1, 'N', $2) returning id::text`, company, address).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	first, twin := add(harness.CompanyA, "75  Rue E\u0301mile\u200b "), add(harness.CompanyA, "75 RUE\u00a0ÉMILE")
	add(harness.CompanyB, "75 Rue Émile")

	err := install.Up(t.Context(), schema.Source(), o)
	if said := fmt.Sprint(err); strings.Contains(said, harness.CompanyB) ||
		!strings.Contains(said, "customer "+harness.CompanyA+": properties "+first+", "+twin+". Delete one of each, or add to its address") {
		t.Fatalf("%v", err)
	}
	if _, err := super.Exec(t.Context(), `update portal.locations set address = address || ', rear building' where id = $1`, twin); err != nil {
		t.Fatal(err)
	}
	if err := install.Up(t.Context(), schema.Source(), o); err != nil {
		t.Fatal(err)
	}
	var address, key string
	if err := super.QueryRow(t.Context(), `select address, address_key from portal.locations where id = $1`, first).Scan(&address, &key); err != nil {
		t.Fatal(err)
	}
	if address != "75 Rue Émile" || key != "75 rue émile" {
		t.Errorf("%q, compared by %q", address, key)
	}
}

// before is the version before a migration.
func before(t *testing.T, name string) int32 {
	t.Helper()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		if strings.HasSuffix(file, "_"+name+".sql") {
			return int32(i) //nolint:gosec // a few
		}
	}
	t.Fatalf("there is no migration %s", name)
	return 0
}
