package integration_tests

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/server/auth"
)

// A trial is one try to enter. Broken SQL is run before it as a superuser, mended afterwards.
type trial struct {
	name          string
	broken, mends string
	entry         func() entry
	code          string
}

// Each reason has an SQLSTATE of its own, and none of them lets anybody in.
func TestEntry_RefusesEachReasonInItsOwnWords(t *testing.T) {
	t.Parallel()
	database := cloneDatabase(t)
	super, app := connectAs(t, "", database), connectAs(t, "portal_app", database)
	good := member(t, super, companyA, auth.Manager)
	colleague := member(t, super, companyA, auth.User)
	stranger := member(t, super, companyB, auth.Manager)
	acting := actingOperator(t, super, companyA)
	nobody, elsewhere := int64(1_000_000), "00000000-0000-4000-8000-000000000000"

	altered := func(change func(*entry)) func() entry { // with the signature of what it was
		return func() entry { e := good; e.expiry = 0; e = e.signed(); change(&e); return e }
	}
	resigned := func(base entry, change func(*entry)) func() entry { // with a signature of what it is
		return func() entry { e := base; e.expiry = 0; change(&e); return e.signed() }
	}
	as := func(base entry) func() entry { return resigned(base, func(*entry) {}) }
	customer := func(status string) (broken, mends string) {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", status, companyA),
			fmt.Sprintf("update platform.customers set status = 'active', trial_ends_at = null where customer_id = '%s'", companyA)
	}
	suspended, open := customer("status = 'suspended'")
	cancelled, _ := customer("status = 'cancelled'")
	overTrial, _ := customer("status = 'trial', trial_ends_at = now() - interval '1 second'")
	trialing, _ := customer("status = 'trial', trial_ends_at = now() + interval '1 minute'")
	person := func(set string) string {
		return fmt.Sprintf("update portal.users set %s where id = %d", set, *good.user)
	}
	session := func(e entry, set string) string {
		return fmt.Sprintf("update platform.sessions set %s where id = '%s'", set, e.session)
	}
	const live = "revoked_at = null, expires_at = now() + interval '1 hour'"
	const over = "created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'"
	suspendedOperator, activeOperator := "update platform.operators set status = 'suspended'", "update platform.operators set status = 'active'"

	for _, c := range []trial{
		{"as it is", "", "", as(good), ""},
		{"acting operator", "", "", as(acting), ""},
		{"expiry in 29 seconds", "", "", resigned(good, func(e *entry) { e.expiry = in(29 * time.Second) }), ""},

		{"no signature", "", "", altered(func(e *entry) { e.mac = nil }), "TN001"},
		{"empty signature", "", "", altered(func(e *entry) { e.mac = []byte{} }), "TN001"},
		{"cut signature", "", "", altered(func(e *entry) { e.mac = e.mac[:31] }), "TN001"},
		{"one bit of the signature", "", "", altered(func(e *entry) { e.mac[31] ^= 1 }), "TN001"},
		{"signature of another key", "", "", altered(func(e *entry) { e.keyID = 2 }), "TN001"},
		{"other customer", "", "", altered(func(e *entry) { e.customer = companyB }), "TN001"},
		{"no customer", "", "", altered(func(e *entry) { e.customer = "" }), "TN001"},
		{"other person", "", "", altered(func(e *entry) { e.user = colleague.user }), "TN001"},
		{"other role", "", "", altered(func(e *entry) { e.role = auth.Admin }), "TN001"},
		{"made acting", "", "", altered(func(e *entry) { e.acting = acting.acting }), "TN001"},
		{"other session", "", "", altered(func(e *entry) { e.session = colleague.session }), "TN001"},
		{"made read only", "", "", altered(func(e *entry) { e.readOnly = true }), "TN001"},
		{"made to live longer", "", "", altered(func(e *entry) { e.expiry++ }), "TN001"},
		{"expired", "", "", resigned(good, func(e *entry) { e.expiry = in(-time.Millisecond) }), "TN001"},
		{"too far expiry", "", "", resigned(good, func(e *entry) { e.expiry = in(31 * time.Second) }), "TN001"},
		{"an entry of a guest", "", "", func() entry { return good.as("guest") }, "TN001"},
		{"an entry of an operator", "", "", func() entry { return acting.as("operator") }, "TN001"},
		{"a removed key", "update tenancy.mac_keys set key_id = 9", "update tenancy.mac_keys set key_id = 1", as(good), "TN001"},

		{"unknown person", "", "", resigned(good, func(e *entry) { e.user = &nobody }), "TN002"},
		{"person of another customer", "", "", resigned(good, func(e *entry) { e.user = stranger.user }), "TN002"},
		{"nobody", "", "", resigned(good, func(e *entry) { e.user = nil }), "TN002"},
		{"another role than the person's", "", "", resigned(good, func(e *entry) { e.role = auth.Admin }), "TN002"},
		{"role changed since", person("role = 'User'"), person("role = 'Manager'"), as(good), "TN002"},
		{"suspended person", person("status = 'suspended'"), person("status = 'active'"), as(good), "TN002"},
		{"pending person", person("status = 'pending'"), person("status = 'active'"), as(good), "TN002"},
		{"unknown operator", "", "", resigned(acting, func(e *entry) { e.acting = &nobody }), "TN002"},
		{"suspended operator", suspendedOperator, activeOperator, as(acting), "TN002"},
		{"operator in a lower role", "", "", resigned(acting, func(e *entry) { e.role = auth.User }), "TN002"},
		{"operator as a person", "", "", resigned(acting, func(e *entry) { e.user = good.user }), "TN002"},

		{"revoked session", session(good, "revoked_at = now()"), session(good, live), as(good), "TN003"},
		{"expired session", session(good, over), session(good, live), as(good), "TN003"},
		{"unknown session", "", "", resigned(good, func(e *entry) { e.session = elsewhere }), "TN003"},
		{"a colleague's session", "", "", resigned(good, func(e *entry) { e.session = colleague.session }), "TN003"},
		{"another customer's session", "", "", resigned(good, func(e *entry) { e.session = stranger.session }), "TN003"},
		{"an operator's session", "", "", resigned(good, func(e *entry) { e.session = acting.session }), "TN003"},
		{"operator's revoked session", session(acting, "revoked_at = now()"), session(acting, live), as(acting), "TN003"},
		{"operator in a person's session", "", "", resigned(acting, func(e *entry) { e.session = good.session }), "TN003"},

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
				if err := tx.QueryRow(t.Context(), enterSQL, e.args()...).Scan(&zone); err != nil {
					return err
				}
				var seen string
				err := tx.QueryRow(t.Context(), "select string_agg(distinct customer_id, ' ') from locations").Scan(&seen)
				if err == nil && seen != e.customer {
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
	if err := enter(); sqlState(err) != c.code || err != nil && c.code == "" {
		t.Errorf("%s: got %v, want SQLSTATE %q", c.name, err, c.code)
	}
	if _, err := super.Exec(t.Context(), c.mends); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
}

// Guests enter on the log-in pool: the same reasons where they can occur.
func TestEntry_OfAGuest(t *testing.T) {
	t.Parallel()
	database := cloneDatabase(t)
	super, conn := connectAs(t, "", database), connectAs(t, "portal_auth", database)
	guest := func(change func(*entry)) func() entry {
		return func() entry { e := entry{customer: companyA}; change(&e); return e.as("guest") }
	}
	later := func(change func(*entry)) func() entry {
		return func() entry { e := entry{customer: companyA}.as("guest"); change(&e); return e }
	}
	none := func(*entry) {}
	customer := func(status string) string {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", status, companyA)
	}
	open := customer("status = 'active', trial_ends_at = null")
	for _, c := range []trial{
		{"as it is", "", "", guest(none), ""},
		{"other customer", "", "", later(func(e *entry) { e.customer = companyB }), "TN001"},
		{"made to live longer", "", "", later(func(e *entry) { e.expiry++ }), "TN001"},
		{"another key", "", "", later(func(e *entry) { e.keyID = 2 }), "TN001"},
		{"no signature", "", "", later(func(e *entry) { e.mac = nil }), "TN001"},
		{"expired", "", "", guest(func(e *entry) { e.expiry = in(-time.Millisecond) }), "TN001"},
		{"too far expiry", "", "", guest(func(e *entry) { e.expiry = in(31 * time.Second) }), "TN001"},
		{"an entry of another kind", "", "", func() entry { return entry{customer: companyA}.as("enter") }, "TN001"},
		{"unknown customer", "", "", guest(func(e *entry) { e.customer = "NOBODY99" }), "TN004"},
		{"suspended customer", customer("status = 'suspended'"), open, guest(none), "TN004"},
		{"cancelled customer", customer("status = 'cancelled'"), open, guest(none), "TN004"},
		{"trial over", customer("status = 'trial', trial_ends_at = now()"), open, guest(none), "TN004"},
	} {
		c.run(t, super, func() error {
			return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), enterGuestSQL, c.entry().guestArgs()...); err != nil {
					return err
				}
				var seen string
				err := tx.QueryRow(t.Context(), "select string_agg(distinct customer_id, ' ') from portal.users").Scan(&seen)
				if err == nil && seen != companyA {
					t.Errorf("%s: a guest of %s sees people of %s", c.name, companyA, seen)
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
			if _, err := tx.Exec(t.Context(), enterGuestSQL, guest(none)().guestArgs()...); err != nil {
				return err
			}
			tag, err := tx.Exec(t.Context(), sql)
			if want := int64(len(roles)); err == nil && tag.RowsAffected() != want {
				t.Errorf("%s touches %d rows, want the %d of %s", sql, tag.RowsAffected(), want, companyA)
			}
			return err
		})
		if sqlState(err) != code || err != nil && code == "" {
			t.Errorf("%s: got %v, want SQLSTATE %q", sql, err, code)
		}
	}
}

// Operators enter on the platform pool, outside of any customer.
func TestEntry_OfAnOperator(t *testing.T) {
	t.Parallel()
	database := cloneDatabase(t)
	super, conn := connectAs(t, "", database), connectAs(t, "portal_platform", database)
	base := actingOperator(t, super, "")
	person := member(t, super, companyA, auth.Admin)
	nobody := int64(1_000_000)
	signed := func(change func(*entry)) func() entry {
		return func() entry { e := base; e.expiry = 0; change(&e); return e.as("operator") }
	}
	later := func(change func(*entry)) func() entry {
		return func() entry { e := base; e.expiry = 0; e = e.as("operator"); change(&e); return e }
	}
	none := func(*entry) {}
	session := func(set string) string {
		return fmt.Sprintf("update platform.sessions set %s where id = '%s'", set, base.session)
	}
	const live = "revoked_at = null, expires_at = now() + interval '1 hour'"
	for _, c := range []trial{
		{"as it is", "", "", signed(none), ""},
		{"other operator", "", "", later(func(e *entry) { e.acting = &nobody }), "TN001"},
		{"other session", "", "", later(func(e *entry) { e.session = person.session }), "TN001"},
		{"made read only", "", "", later(func(e *entry) { e.readOnly = true }), "TN001"},
		{"another key", "", "", later(func(e *entry) { e.keyID = 2 }), "TN001"},
		{"expired", "", "", signed(func(e *entry) { e.expiry = in(-time.Millisecond) }), "TN001"},
		{"too far expiry", "", "", signed(func(e *entry) { e.expiry = in(31 * time.Second) }), "TN001"},
		{"an entry into a customer", "", "", func() entry { return base.signed() }, "TN001"},
		{"unknown operator", "", "", signed(func(e *entry) { e.acting = &nobody }), "TN002"},
		{
			"suspended operator", "update platform.operators set status = 'suspended'",
			"update platform.operators set status = 'active'", signed(none), "TN002",
		},
		{"revoked session", session("revoked_at = now()"), session(live), signed(none), "TN003"},
		{"expired session", session("created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'"), session(live), signed(none), "TN003"},
		{"a person's session", "", "", signed(func(e *entry) { e.session = person.session }), "TN003"},
	} {
		c.run(t, super, func() error {
			return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), enterOperatorSQL, c.entry().operatorArgs()...); err != nil {
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
