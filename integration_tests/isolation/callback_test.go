package isolation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const (
	beginConnectionSQL = `select tenancy.begin_connection($1, $2, $3)`
	enterCallbackSQL   = `call tenancy.enter_callback(null, $1, $2, $3, $4)`
)

// A journey is somebody who left for another company's page.
type journey struct {
	purpose, state string
	browser        []byte
}

func depart(t *testing.T, app *pgx.Conn, e harness.Entry, purpose, state string) journey {
	t.Helper()
	hash, browser := sha256.Sum256([]byte(state)), sha256.Sum256([]byte("browser of "+state))
	j := journey{purpose, hex.EncodeToString(hash[:]), browser[:]}
	err := e.Inside(t.Context(), app, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), beginConnectionSQL, j.purpose, j.state, j.browser)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// Whoever comes back from another company's page comes for whom he left, once, in the same browser, for the same purpose, and
// as he is now.
func TestEntry_Callback(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	a, b := harness.NewMember(t, super, harness.CompanyA, auth.Manager), harness.NewMember(t, super, harness.CompanyB, auth.Manager)
	customer := func(set string) string {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", set, harness.CompanyA)
	}
	person := func(set string) string { return fmt.Sprintf("update portal.users set %s where id = %d", set, *a.User) }
	open := customer("status = 'active', trial_ends_at = null")
	other := func(change func(*journey)) func(*journey) { return change }
	for i, c := range []struct {
		name          string
		broken, mends string
		of            harness.Entry
		change        func(*journey)
		code          string
		role          string
	}{
		{"as it is", "", "", a, nil, "", auth.Manager},
		{"of the other company", "", "", b, nil, "", auth.Manager},
		{"another state", "", "", a, other(func(j *journey) { j.state = "f" + j.state[1:] + "0" }), "TN003", ""},
		{"another browser", "", "", a, other(func(j *journey) { j.browser = make([]byte, 32) }), "TN003", ""},
		{"no browser", "", "", a, other(func(j *journey) { j.browser = nil }), "TN003", ""},
		{"another purpose", "", "", a, other(func(j *journey) { j.purpose = "quickbooks" }), "TN003", ""},
		{"after five minutes", "update platform.login_states set expires_at = now() - interval '1 second'", "", a, nil, "TN003", ""},
		{"in a lower role since", person("role = 'User'"), person("role = 'Manager'"), a, nil, "", auth.User},
		{"suspended since", person("status = 'suspended'"), person("status = 'active'") + fmt.Sprintf("; update platform.sessions set revoked_at = null where id = '%s'", a.Session), a, nil, "TN002", ""},
		{"suspended company", customer("status = 'suspended'"), open, a, nil, "TN004", ""},
		{"moving company", customer("status = 'moving'"), open, a, nil, "TN008", ""},
		{"cancelled company", customer("status = 'cancelled'"), open, a, nil, "TN004", ""},
	} {
		j := depart(t, app, c.of, "jobber", fmt.Sprint("state ", i))
		if c.change != nil {
			c.change(&j)
		}
		enter := func(readOnly bool) error {
			return pgx.BeginFunc(t.Context(), app, func(tx pgx.Tx) error {
				var zone string
				if err := tx.QueryRow(t.Context(), enterCallbackSQL, j.purpose, j.state, j.browser, readOnly).Scan(&zone); err != nil {
					return err
				}
				var seen, role string
				var user int64
				err := tx.QueryRow(t.Context(), `select string_agg(distinct customer_id, ' '), tenancy.role(), tenancy.user_id() from locations`).Scan(&seen, &role, &user)
				if err == nil && (seen != c.of.Customer || role != c.role || user != *c.of.User) {
					t.Errorf("%s: sees the properties of %s, as %d with role %q", c.name, seen, user, role)
				}
				return err
			})
		}
		// Reading does not use the state up, and writing does.
		for _, readOnly := range []bool{true, true, false} {
			trial{name: c.name, broken: c.broken, mends: c.mends, code: c.code}.run(t, super, func() error { return enter(readOnly) })
		}
		if c.code == "" {
			for _, readOnly := range []bool{true, false} {
				if err := enter(readOnly); harness.SQLState(err) != "TN003" {
					t.Errorf("%s: a second time: %v", c.name, err)
				}
			}
		}
		var n int
		if err := app.QueryRow(t.Context(), "select count(*) from locations").Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: afterwards the connection sees %d properties (%v)", c.name, n, err)
		}
	}

	// Nobody leaves who could not come back: outside of a customer, an acting operator, for another purpose, without a browser.
	acting := harness.NewActingOperator(t, super, harness.CompanyA)
	leave := func(purpose string, browser []byte) func(pgx.Tx) error {
		return func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), beginConnectionSQL, purpose, "nowhere", browser)
			return err
		}
	}
	for name, err := range map[string]error{
		"nobody":          pgx.BeginFunc(t.Context(), app, leave("jobber", make([]byte, 32))),
		"an operator":     acting.Inside(t.Context(), app, leave("jobber", make([]byte, 32))),
		"to sign on":      a.Inside(t.Context(), app, leave("google", make([]byte, 32))),
		"without browser": a.Inside(t.Context(), app, leave("jobber", nil)),
	} {
		if harness.SQLState(err) != "TN015" {
			t.Errorf("%s leaves: %v", name, err)
		}
	}
	// The row is nobody's to read, or to change.
	for _, sql := range []string{"select state from platform.login_states", "update platform.login_states set customer_id = 'BBBB33333'", "delete from platform.login_states"} {
		if err := a.Inside(t.Context(), app, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), sql); return err }); harness.SQLState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
