package isolation

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// The doors to sessions, in psql: an Admin sees and ends those of his company, everybody else his own, an entry of
// another's at no time, and none that is over.
func TestDoors_OfSessions(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	own, other := harness.NewMember(t, super, harness.CompanyA, auth.User), harness.NewMember(t, super, harness.CompanyA, auth.Manager)
	stranger := harness.NewMember(t, super, harness.CompanyB, auth.Admin)
	ended, late := harness.NewMember(t, super, harness.CompanyA, auth.User), harness.NewMember(t, super, harness.CompanyA, auth.User)
	outside := harness.NewOperator(t, super)
	for _, sql := range []string{
		"update platform.sessions set revoked_at = now() where id = '" + ended.Session + "'",
		"update platform.sessions set created_at = now() - interval '2 days', expires_at = now() - interval '1 second' where id = '" + late.Session + "'",
	} {
		if _, err := super.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range harness.Roles {
		e := harness.NewMember(t, super, harness.CompanyA, role)
		seen := map[string]bool{own.Session: role == auth.Admin || role == auth.User, other.Session: role == auth.Admin || role == auth.Manager, e.Session: true}
		err := e.Inside(t.Context(), app, func(tx pgx.Tx) error {
			rows, _ := tx.Query(t.Context(), "select id::text from tenancy.sessions()")
			list, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return err
			}
			for _, id := range []string{own.Session, other.Session, e.Session, stranger.Session, outside.Session, ended.Session, late.Session} {
				if slices.Contains(list, id) != seen[id] {
					t.Errorf("%s sees the session %s: %t", role, id, !seen[id])
				}
				var n int
				if err := tx.QueryRow(t.Context(), "select count(*) from tenancy.end_session($1::text::uuid)", id).Scan(&n); err != nil {
					return err
				}
				if (n == 1) != seen[id] {
					t.Errorf("%s ends the session %s: %d", role, id, n)
				}
				if err := tx.QueryRow(t.Context(), "select count(*) from tenancy.end_session($1::text::uuid)", id).Scan(&n); err != nil || n != 0 {
					t.Errorf("%s ends a session a second time: %d, %v", role, n, err)
				}
			}
			return errTakeBack
		})
		if !errors.Is(err, errTakeBack) {
			t.Fatal(err)
		}
	}
}
