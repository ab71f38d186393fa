package database

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving"
	"contractor-portal/server/auth"
)

// Without a superuser, too, a customer is taken out, erased and brought back, by the owner of the database, whom the walls
// hold.
func TestManaged_MovesCustomers(t *testing.T) {
	t.Parallel()
	o := managedDatabase(t, harness.OwnCluster(t))
	up(t, o)
	if err := harness.Seed(t.Context(), o.URL); err != nil {
		t.Fatal(err)
	}
	export := func(company string) string {
		t.Helper()
		dir := t.TempDir()
		if _, err := moving.ExportCustomer(t.Context(), o.URL, company, dir, moving.ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	err := install.Transaction(t.Context(), o.URL, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update platform.customers set status = 'cancelled' where customer_id = $1`, harness.CompanyA)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before, other := export(harness.CompanyA), export(harness.CompanyB)
	e, err := moving.Erase(t.Context(), o.URL, harness.CompanyA, moving.EraseOptions{
		Archive: before, Deed: auth.Deed{Action: "customer.erased", ObjectType: "customer", ObjectID: harness.CompanyA, Detail: map[string]any{}},
	})
	if err != nil || e.Rows["portal.locations"] != 3 {
		t.Fatal(e.Rows, err)
	}
	if _, err := moving.ExportCustomer(t.Context(), o.URL, harness.CompanyA, t.TempDir(), moving.ExportOptions{}); err == nil {
		t.Error("an erased customer is exported")
	}
	if _, err := moving.Restore(t.Context(), o.URL, before, moving.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	for was, is := range map[string]string{before: export(harness.CompanyA), other: export(harness.CompanyB)} {
		for _, table := range []string{"portal.users", "portal.locations", "portal.equipment_rates", "platform.customers", "platform.logins"} {
			a, err := os.ReadFile(filepath.Join(was, table+".jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(is, table+".jsonl"))
			if err != nil || !bytes.Equal(a, b) || len(a) == 0 {
				t.Errorf("%s is not as it was (%v)", table, err)
			}
		}
	}
	report, err := install.Audit(t.Context(), o.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Severity == "error" {
			t.Errorf("finding: %s", f)
		}
	}
}
