package harness

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
	"contractor-portal/server/auth"
	"contractor-portal/server/demo"
)

// Demo has a portal hold the demo data, whose people have the password of all, and the operator.
func Demo(t testing.TB) func(*Settings) {
	t.Helper()
	database := CloneDatabase(t)
	at := Suite.Cluster.URL("", database)
	// The demo data is for an empty portal only.
	if err := Execute(t.Context(), at, "truncate platform.customers, platform.operators cascade"); err != nil {
		t.Fatal(err)
	}
	chosen, err := auth.HashPassword(t.Context(), Password)
	if err != nil {
		t.Fatal(err)
	}
	err = install.Transaction(t.Context(), at, func(ctx context.Context, tx pgx.Tx) error {
		if _, _, err := demo.Load(ctx, tx, chosen.Hash, func(string) {}); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into platform.operators (email, name, password_hash) values ($1, 'Olive Operator', $2)`, Operator, chosen.Hash)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(s *Settings) { s.Database = database }
}
