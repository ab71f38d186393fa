package isolation

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A trial is one try to enter. Broken SQL is run before it as a superuser, mended afterwards.
type trial struct {
	name          string
	broken, mends string
	entry         func() harness.Entry
	code          string
}

// Each reason has an SQLSTATE of its own, and none of them lets anybody in.
func TestEntry_RefusesEachReasonInItsOwnWords(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	good := harness.NewMember(t, super, harness.CompanyA, auth.Manager)
	colleague := harness.NewMember(t, super, harness.CompanyA, auth.User)
	stranger := harness.NewMember(t, super, harness.CompanyB, auth.Manager)
	acting := harness.NewActingOperator(t, super, harness.CompanyA)
	nobody, elsewhere := int64(1_000_000), "00000000-0000-4000-8000-000000000000"

	altered := func(change func(*harness.Entry)) func() harness.Entry { // with the signature of what it was
		return func() harness.Entry { e := good; e.Expiry = 0; e = e.Signed(); change(&e); return e }
	}
	resigned := func(base harness.Entry, change func(*harness.Entry)) func() harness.Entry { // with a signature of what it is
		return func() harness.Entry { e := base; e.Expiry = 0; change(&e); return e.Signed() }
	}
	as := func(base harness.Entry) func() harness.Entry { return resigned(base, func(*harness.Entry) {}) }
	customer := func(status string) (broken, mends string) {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", status, harness.CompanyA),
			fmt.Sprintf("update platform.customers set status = 'active', trial_ends_at = null where customer_id = '%s'", harness.CompanyA)
	}
	suspended, open := customer("status = 'suspended'")
	cancelled, _ := customer("status = 'cancelled'")
	overTrial, _ := customer("status = 'trial', trial_ends_at = now() - interval '1 second'")
	trialing, _ := customer("status = 'trial', trial_ends_at = now() + interval '1 minute'")
	person := func(set string) string {
		return fmt.Sprintf("update portal.users set %s where id = %d", set, *good.User)
	}
	session := func(e harness.Entry, set string) string {
		return fmt.Sprintf("update platform.sessions set %s where id = '%s'", set, e.Session)
	}
	const live = "revoked_at = null, expires_at = now() + interval '1 hour'"
	const over = "created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'"
	suspendedOperator, activeOperator := "update platform.operators set status = 'suspended'", "update platform.operators set status = 'active'"

	for _, c := range []trial{
		{"as it is", "", "", as(good), ""},
		{"acting operator", "", "", as(acting), ""},
		{"expiry in 29 seconds", "", "", resigned(good, func(e *harness.Entry) { e.Expiry = harness.ExpiresIn(29 * time.Second) }), ""},

		{"no signature", "", "", altered(func(e *harness.Entry) { e.MAC = nil }), "TN001"},
		{"empty signature", "", "", altered(func(e *harness.Entry) { e.MAC = []byte{} }), "TN001"},
		{"cut signature", "", "", altered(func(e *harness.Entry) { e.MAC = e.MAC[:31] }), "TN001"},
		{"one bit of the signature", "", "", altered(func(e *harness.Entry) { e.MAC[31] ^= 1 }), "TN001"},
		{"signature of another key", "", "", altered(func(e *harness.Entry) { e.KeyID = 2 }), "TN001"},
		{"other customer", "", "", altered(func(e *harness.Entry) { e.Customer = harness.CompanyB }), "TN001"},
		{"no customer", "", "", altered(func(e *harness.Entry) { e.Customer = "" }), "TN001"},
		{"other person", "", "", altered(func(e *harness.Entry) { e.User = colleague.User }), "TN001"},
		{"other role", "", "", altered(func(e *harness.Entry) { e.Role = auth.Admin }), "TN001"},
		{"made acting", "", "", altered(func(e *harness.Entry) { e.Acting = acting.Acting }), "TN001"},
		{"other session", "", "", altered(func(e *harness.Entry) { e.Session = colleague.Session }), "TN001"},
		{"made read only", "", "", altered(func(e *harness.Entry) { e.ReadOnly = true }), "TN001"},
		{"made to live longer", "", "", altered(func(e *harness.Entry) { e.Expiry++ }), "TN001"},
		{"expired", "", "", resigned(good, func(e *harness.Entry) { e.Expiry = harness.ExpiresIn(-time.Millisecond) }), "TN001"},
		{"too far expiry", "", "", resigned(good, func(e *harness.Entry) { e.Expiry = harness.ExpiresIn(31 * time.Second) }), "TN001"},
		{"an entry of a guest", "", "", func() harness.Entry { return good.As("guest") }, "TN001"},
		{"an entry of an operator", "", "", func() harness.Entry { return acting.As("operator") }, "TN001"},
		{"a removed key", "update tenancy.mac_keys set key_id = 9", "update tenancy.mac_keys set key_id = 1", as(good), "TN001"},

		{"unknown person", "", "", resigned(good, func(e *harness.Entry) { e.User = &nobody }), "TN002"},
		{"person of another customer", "", "", resigned(good, func(e *harness.Entry) { e.User = stranger.User }), "TN002"},
		{"nobody", "", "", resigned(good, func(e *harness.Entry) { e.User = nil }), "TN002"},
		{"another role than the person's", "", "", resigned(good, func(e *harness.Entry) { e.Role = auth.Admin }), "TN002"},
		{"role changed since", person("role = 'User'"), person("role = 'Manager'"), as(good), "TN002"},
		{"suspended person", person("status = 'suspended'"), person("status = 'active'"), as(good), "TN002"},
		{"pending person", person("status = 'pending'"), person("status = 'active'"), as(good), "TN002"},
		{"unknown operator", "", "", resigned(acting, func(e *harness.Entry) { e.Acting = &nobody }), "TN002"},
		{"suspended operator", suspendedOperator, activeOperator, as(acting), "TN002"},
		{"operator in a lower role", "", "", resigned(acting, func(e *harness.Entry) { e.Role = auth.User }), "TN002"},
		{"operator as a person", "", "", resigned(acting, func(e *harness.Entry) { e.User = good.User }), "TN002"},

		{"revoked session", session(good, "revoked_at = now()"), session(good, live), as(good), "TN003"},
		{"expired session", session(good, over), session(good, live), as(good), "TN003"},
		{"unknown session", "", "", resigned(good, func(e *harness.Entry) { e.Session = elsewhere }), "TN003"},
		{"a colleague's session", "", "", resigned(good, func(e *harness.Entry) { e.Session = colleague.Session }), "TN003"},
		{"another customer's session", "", "", resigned(good, func(e *harness.Entry) { e.Session = stranger.Session }), "TN003"},
		{"an operator's session", "", "", resigned(good, func(e *harness.Entry) { e.Session = acting.Session }), "TN003"},
		{"operator's revoked session", session(acting, "revoked_at = now()"), session(acting, live), as(acting), "TN003"},
		{"operator in a person's session", "", "", resigned(acting, func(e *harness.Entry) { e.Session = good.Session }), "TN003"},

		{"suspended customer", suspended, open, as(good), "TN004"},
		{"cancelled customer", cancelled, open, as(good), "TN004"},
		{"trial over", overTrial, open, as(good), "TN004"},
		{"trial going on", trialing, open, as(good), ""},
		{"operator in a suspended customer", suspended, open, as(acting), ""},
		{"operator in a cancelled customer", cancelled, open, as(acting), "TN004"},
		{"another customer meanwhile", suspended, open, as(stranger), ""},
	} {
		c.run(t, super, func() error {
			return pgx.BeginFunc(t.Context(), app, func(tx pgx.Tx) error {
				e := c.entry()
				var zone string
				if err := tx.QueryRow(t.Context(), harness.EnterSQL, e.Args()...).Scan(&zone); err != nil {
					return err
				}
				var seen string
				err := tx.QueryRow(t.Context(), "select string_agg(distinct customer_id, ' ') from locations").Scan(&seen)
				if err == nil && seen != e.Customer {
					t.Errorf("%s: sees the properties of %s", c.name, seen)
				}
				return err
			})
		})
		var n int
		if err := app.QueryRow(t.Context(), "select count(*) from locations").Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: afterwards the connection sees %d properties (%v)", c.name, n, err)
		}
	}
}

// run breaks, tries, and mends.
func (c trial) run(t *testing.T, super *pgx.Conn, enter func() error) {
	t.Helper()
	if _, err := super.Exec(t.Context(), c.broken); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	if err := enter(); harness.SQLState(err) != c.code || err != nil && c.code == "" {
		t.Errorf("%s: got %v, want SQLSTATE %q", c.name, err, c.code)
	}
	if _, err := super.Exec(t.Context(), c.mends); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
}

// Guests enter on the log-in pool: the same reasons where they can occur.
func TestEntry_OfAGuest(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, conn := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_auth", database)
	guest := func(change func(*harness.Entry)) func() harness.Entry {
		return func() harness.Entry { e := harness.Entry{Customer: harness.CompanyA}; change(&e); return e.As("guest") }
	}
	later := func(change func(*harness.Entry)) func() harness.Entry {
		return func() harness.Entry { e := harness.Entry{Customer: harness.CompanyA}.As("guest"); change(&e); return e }
	}
	none := func(*harness.Entry) {}
	customer := func(status string) string {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", status, harness.CompanyA)
	}
	open := customer("status = 'active', trial_ends_at = null")
	for _, c := range []trial{
		{"as it is", "", "", guest(none), ""},
		{"other customer", "", "", later(func(e *harness.Entry) { e.Customer = harness.CompanyB }), "TN001"},
		{"made to live longer", "", "", later(func(e *harness.Entry) { e.Expiry++ }), "TN001"},
		{"another key", "", "", later(func(e *harness.Entry) { e.KeyID = 2 }), "TN001"},
		{"no signature", "", "", later(func(e *harness.Entry) { e.MAC = nil }), "TN001"},
		{"expired", "", "", guest(func(e *harness.Entry) { e.Expiry = harness.ExpiresIn(-time.Millisecond) }), "TN001"},
		{"too far expiry", "", "", guest(func(e *harness.Entry) { e.Expiry = harness.ExpiresIn(31 * time.Second) }), "TN001"},
		{"an entry of another kind", "", "", func() harness.Entry { return harness.Entry{Customer: harness.CompanyA}.As("enter") }, "TN001"},
		{"unknown customer", "", "", guest(func(e *harness.Entry) { e.Customer = "NOBODY99" }), "TN004"},
		{"suspended customer", customer("status = 'suspended'"), open, guest(none), "TN004"},
		{"cancelled customer", customer("status = 'cancelled'"), open, guest(none), "TN004"},
		{"trial over", customer("status = 'trial', trial_ends_at = now()"), open, guest(none), "TN004"},
	} {
		c.run(t, super, func() error {
			return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), harness.EnterGuestSQL, c.entry().GuestArgs()...); err != nil {
					return err
				}
				var seen string
				err := tx.QueryRow(t.Context(), "select string_agg(distinct customer_id, ' ') from portal.users").Scan(&seen)
				if err == nil && seen != harness.CompanyA {
					t.Errorf("%s: a guest of %s sees people of %s", c.name, harness.CompanyA, seen)
				}
				return err
			})
		})
	}

	// Whose names a guest may know, he may not change; and people are all that a guest sees.
	for sql, code := range map[string]string{
		"update portal.users set last_login_at = now()":  "",
		"update portal.users set role = 'Admin'":         "42501",
		"delete from portal.users":                       "42501",
		"select phone from portal.users":                 "42501",
		"select count(*) from portal.locations":          "42501",
		"insert into portal.locations (name) values (1)": "42501",
	} {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), harness.EnterGuestSQL, guest(none)().GuestArgs()...); err != nil {
				return err
			}
			tag, err := tx.Exec(t.Context(), sql)
			if want := int64(len(harness.Roles)); err == nil && tag.RowsAffected() != want {
				t.Errorf("%s touches %d rows, want the %d of %s", sql, tag.RowsAffected(), want, harness.CompanyA)
			}
			return err
		})
		if harness.SQLState(err) != code || err != nil && code == "" {
			t.Errorf("%s: got %v, want SQLSTATE %q", sql, err, code)
		}
	}
}

// Operators enter on the platform pool, outside of any customer.
func TestEntry_OfAnOperator(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, conn := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_platform", database)
	base := harness.NewActingOperator(t, super, "")
	person := harness.NewMember(t, super, harness.CompanyA, auth.Admin)
	nobody := int64(1_000_000)
	signed := func(change func(*harness.Entry)) func() harness.Entry {
		return func() harness.Entry { e := base; e.Expiry = 0; change(&e); return e.As("operator") }
	}
	later := func(change func(*harness.Entry)) func() harness.Entry {
		return func() harness.Entry { e := base; e.Expiry = 0; e = e.As("operator"); change(&e); return e }
	}
	none := func(*harness.Entry) {}
	session := func(set string) string {
		return fmt.Sprintf("update platform.sessions set %s where id = '%s'", set, base.Session)
	}
	const live = "revoked_at = null, expires_at = now() + interval '1 hour'"
	for _, c := range []trial{
		{"as it is", "", "", signed(none), ""},
		{"other operator", "", "", later(func(e *harness.Entry) { e.Acting = &nobody }), "TN001"},
		{"other session", "", "", later(func(e *harness.Entry) { e.Session = person.Session }), "TN001"},
		{"made read only", "", "", later(func(e *harness.Entry) { e.ReadOnly = true }), "TN001"},
		{"another key", "", "", later(func(e *harness.Entry) { e.KeyID = 2 }), "TN001"},
		{"expired", "", "", signed(func(e *harness.Entry) { e.Expiry = harness.ExpiresIn(-time.Millisecond) }), "TN001"},
		{"too far expiry", "", "", signed(func(e *harness.Entry) { e.Expiry = harness.ExpiresIn(31 * time.Second) }), "TN001"},
		{"an entry into a customer", "", "", func() harness.Entry { return base.Signed() }, "TN001"},
		{"unknown operator", "", "", signed(func(e *harness.Entry) { e.Acting = &nobody }), "TN002"},
		{
			"suspended operator", "update platform.operators set status = 'suspended'",
			"update platform.operators set status = 'active'", signed(none), "TN002",
		},
		{"revoked session", session("revoked_at = now()"), session(live), signed(none), "TN003"},
		{"expired session", session("created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'"), session(live), signed(none), "TN003"},
		{"a person's session", "", "", signed(func(e *harness.Entry) { e.Session = person.Session }), "TN003"},
	} {
		c.run(t, super, func() error {
			return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), harness.EnterOperatorSQL, c.entry().OperatorArgs()...); err != nil {
					return err
				}
				var inside bool
				err := tx.QueryRow(t.Context(), "select tenancy.customer_id() is not null or tenancy.user_id() is not null").Scan(&inside)
				if err == nil && inside {
					t.Errorf("%s: an operator stands inside a customer", c.name)
				}
				return err
			})
		})
	}
}
