package isolation

import (
	"fmt"
	"testing"

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
	own := harness.NewOperator(t, super).Session
	service, key := harness.NewService(t, super, harness.CompanyA)
	other, _ := harness.NewService(t, super, harness.CompanyB)

	changed := func(base harness.Entry, change func(*harness.Entry)) func() harness.Entry {
		return func() harness.Entry { e := base; change(&e); return e }
	}
	as := func(base harness.Entry) func() harness.Entry { return changed(base, func(*harness.Entry) {}) }
	customer := func(status string) (broken, mends string) {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", status, harness.CompanyA),
			fmt.Sprintf("update platform.customers set status = 'active', trial_ends_at = null where customer_id = '%s'", harness.CompanyA)
	}
	suspended, open := customer("status = 'suspended'")
	cancelled, _ := customer("status = 'cancelled'")
	moving, _ := customer("status = 'moving'")
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
	revoked := fmt.Sprintf("update platform.service_tokens set revoked_at = now() where id = %d", key)
	brought := fmt.Sprintf("update platform.service_tokens set revoked_at = null where id = %d; ", key) + session(service, live)
	const suspendedOperator = "update platform.operators set status = 'suspended'"
	const activeOperator = "update platform.operators set status = 'active'; update platform.sessions set revoked_at = null where operator_id is not null"

	for _, c := range []trial{
		{"as it is", "", "", as(good), ""},
		{"acting operator", "", "", as(acting), ""},
		{"service", "", "", as(service), ""},

		{"unknown person", "", "", changed(good, func(e *harness.Entry) { e.User = &nobody }), "TN003"},
		{"person of another customer", "", "", changed(good, func(e *harness.Entry) { e.User = stranger.User }), "TN003"},
		{"nobody", "", "", changed(good, func(e *harness.Entry) { e.User = nil }), "TN003"},
		{"another role than the person's", "", "", changed(good, func(e *harness.Entry) { e.Role = auth.Admin }), "TN002"},
		{"role changed since", person("role = 'User'"), person("role = 'Manager'"), as(good), "TN002"},
		{"suspended person", person("status = 'suspended'"), person("status = 'active'") + "; " + session(good, live), as(good), "TN002"},
		{"pending person", person("status = 'pending'"), person("status = 'active'") + "; " + session(good, live), as(good), "TN002"},
		{"unknown operator", "", "", changed(acting, func(e *harness.Entry) { e.Acting = &nobody }), "TN003"},
		{"suspended operator", suspendedOperator, activeOperator, as(acting), "TN002"},
		{"operator in a lower role", "", "", changed(acting, func(e *harness.Entry) { e.Role = auth.User }), "TN002"},
		{"operator as a person", "", "", changed(acting, func(e *harness.Entry) { e.User = good.User }), "TN003"},

		{"revoked session", session(good, "revoked_at = now()"), session(good, live), as(good), "TN003"},
		{"expired session", session(good, over), session(good, live), as(good), "TN003"},
		{"unknown session", "", "", changed(good, func(e *harness.Entry) { e.Session = elsewhere }), "TN003"},
		{"a colleague's session", "", "", changed(good, func(e *harness.Entry) { e.Session = colleague.Session }), "TN003"},
		{"other customer", "", "", changed(good, func(e *harness.Entry) { e.Customer = harness.CompanyB }), "TN003"},
		{"no customer", "", "", changed(good, func(e *harness.Entry) { e.Customer = "" }), "TN007"},
		{"customer of another database", "", "", changed(good, func(e *harness.Entry) { e.Customer = "ZZZZ99999" }), "TN007"},
		{"made acting", "", "", changed(good, func(e *harness.Entry) { e.Acting = acting.Acting }), "TN003"},
		{"operator in another customer", "", "", changed(acting, func(e *harness.Entry) { e.Customer = harness.CompanyB }), "TN003"},
		{"operator in his own session", "", "", changed(acting, func(e *harness.Entry) { e.Session = own }), "TN003"},
		{"another customer's session", "", "", changed(good, func(e *harness.Entry) { e.Session = stranger.Session }), "TN003"},
		{"an operator's session", "", "", changed(good, func(e *harness.Entry) { e.Session = acting.Session }), "TN003"},
		{"operator's revoked session", session(acting, "revoked_at = now()"), session(acting, live), as(acting), "TN003"},
		{"operator in a person's session", "", "", changed(acting, func(e *harness.Entry) { e.Session = good.Session }), "TN003"},

		{"service with a revoked key", revoked, brought, as(service), "TN003"},
		{"service whose session has expired", session(service, over), session(service, live), as(service), "TN003"},
		{"service as a person", "", "", changed(service, func(e *harness.Entry) { e.User = good.User }), "TN003"},
		{"service in a person's role", "", "", changed(service, func(e *harness.Entry) { e.Role = auth.Admin }), "TN002"},
		{"service in another customer", "", "", changed(service, func(e *harness.Entry) { e.Customer = harness.CompanyB }), "TN003"},
		{"service in another's session", "", "", changed(service, func(e *harness.Entry) { e.Session = other.Session }), "TN003"},
		{"service in a person's session", "", "", changed(service, func(e *harness.Entry) { e.Session = good.Session }), "TN003"},
		{"service in an operator's session", "", "", changed(service, func(e *harness.Entry) { e.Session = acting.Session }), "TN003"},
		{"person in a service's session", "", "", changed(good, func(e *harness.Entry) { e.Session = service.Session }), "TN003"},
		{"service in a suspended customer", suspended, open, as(service), "TN004"},

		{"suspended customer", suspended, open, as(good), "TN004"},
		{"cancelled customer", cancelled, open, as(good), "TN004"},
		{"trial over", overTrial, open, as(good), "TN004"},
		{"moving customer", moving, open, as(good), "TN008"},
		{"operator in a moving customer", moving, open, as(acting), "TN008"},
		{"service in a moving customer", moving, open, as(service), "TN008"},
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
	of := func(customer string) func() harness.Entry {
		return func() harness.Entry { return harness.Entry{Customer: customer} }
	}
	customer := func(status string) string {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", status, harness.CompanyA)
	}
	open := customer("status = 'active', trial_ends_at = null")
	for _, c := range []trial{
		{"as it is", "", "", of(harness.CompanyA), ""},
		{"unknown customer", "", "", of("NOBODY99"), "TN004"},
		{"no customer", "", "", of(""), "TN004"},
		{"suspended customer", customer("status = 'suspended'"), open, of(harness.CompanyA), "TN004"},
		{"moving customer", customer("status = 'moving'"), open, of(harness.CompanyA), "TN008"},
		{"cancelled customer", customer("status = 'cancelled'"), open, of(harness.CompanyA), "TN004"},
		{"trial over", customer("status = 'trial', trial_ends_at = now()"), open, of(harness.CompanyA), "TN004"},
	} {
		c.run(t, super, func() error {
			return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), harness.EnterGuestSQL, c.entry().Customer); err != nil {
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
			if _, err := tx.Exec(t.Context(), harness.EnterGuestSQL, harness.CompanyA); err != nil {
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
	base, acting := harness.NewOperator(t, super), harness.NewActingOperator(t, super, harness.CompanyA)
	person := harness.NewMember(t, super, harness.CompanyA, auth.Admin)
	nobody := int64(1_000_000)
	changed := func(change func(*harness.Entry)) func() harness.Entry {
		return func() harness.Entry { e := base; change(&e); return e }
	}
	none := func(*harness.Entry) {}
	session := func(set string) string {
		return fmt.Sprintf("update platform.sessions set %s where id = '%s'", set, base.Session)
	}
	const live = "revoked_at = null, expires_at = now() + interval '1 hour'"
	const suspended = "update platform.operators set status = 'suspended'"
	const active = "update platform.operators set status = 'active'; update platform.sessions set revoked_at = null where operator_id is not null"
	for _, c := range []trial{
		{"as it is", "", "", changed(none), ""},
		{"coming back from a customer", "", "", func() harness.Entry { return acting }, ""},
		{"unknown operator", "", "", changed(func(e *harness.Entry) { e.Acting = &nobody }), "TN003"},
		{"nobody", "", "", changed(func(e *harness.Entry) { e.Acting = nil }), "TN003"},
		{"unknown session", "", "", changed(func(e *harness.Entry) { e.Session = "00000000-0000-4000-8000-000000000000" }), "TN003"},
		{"suspended operator", suspended, active, changed(none), "TN002"},
		{"revoked session", session("revoked_at = now()"), session(live), changed(none), "TN003"},
		{"expired session", session("created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'"), session(live), changed(none), "TN003"},
		{"a person's session", "", "", changed(func(e *harness.Entry) { e.Session = person.Session }), "TN003"},
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
