package service

import (
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// A super admin who has forgotten his password gets another one from whoever has the machine, and his sessions end.
func TestCommandLine_AdminPassword(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	url := harness.Suite.Cluster.URL("", p.Database)
	before := p.Session(harness.Operator)
	out, err := harness.Command(t, url, "admin", "password", "--email", harness.Operator)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, password, _ := strings.Cut(strings.TrimSpace(out), "(printed this once): ")
	p.Do("GET", "/verify-token", before.AccessToken, nil).Problem(t, 401)
	p.LoginWith(harness.Operator, harness.Password).Problem(t, 401)
	p.LoginWith(harness.Operator, password).Want(t, 200)
	if entries := p.Entries("password.reset"); len(entries) != 1 || *entries[0].ObjectType != "operator" || entries[0].CustomerID != nil {
		t.Errorf("%+v", entries)
	}
	if out, err := harness.Command(t, url, "admin", "password", "--email", harness.Email(harness.CompanyA, "Admin")); err == nil || !strings.Contains(out, "there is no super admin with this e-mail") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCommandLine_Customers(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	url := harness.Suite.Cluster.URL("", p.Database)
	run := func(args ...string) string {
		t.Helper()
		out, err := harness.Command(t, url, args...)
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		return out
	}
	fails := func(want string, args ...string) {
		t.Helper()
		if out, err := harness.Command(t, url, args...); err == nil || !strings.Contains(out, want) {
			t.Errorf("%v: %v: %s; want %q", args, err, out, want)
		}
	}

	fields := strings.Fields(run("customers", "create", "--company-name", "Cedar Grounds", "--admin-email", "Cleo@Cedar.example", "--plan", "free"))
	id, token := fields[1], fields[3]
	if !strings.Contains(run("customers", "list"), id) || !strings.Contains(run("customers", "show", strings.ToLower(id)), `"max_users": 3`) {
		t.Errorf("%s is not listed, or not as it was made", id)
	}
	p.Accept(token).Want(t, 200)
	member := p.Do("POST", "/api/login/", "", map[string]string{"username": "cleo@cedar.example", "password": harness.Chosen})
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	member.Want(t, 200).JSON(t, &tokens)

	run("customers", "suspend", id, "--reason", "unpaid")
	p.Do("GET", "/properties/", tokens.AccessToken, nil).Problem(t, 403)
	run("customers", "activate", id)
	p.Do("GET", "/properties/", tokens.AccessToken, nil).Want(t, 200)

	fails("no such customer", "customers", "suspend", "ZZZZ99999")
	fails("8 or 9 letters and digits", "customers", "show", "x")
	fails("--admin-email: expected an e-mail address", "customers", "create", "--company-name", "X", "--admin-email", "nobody")
	if n := harness.Query[int](p.Portal, `select count(*) from platform.customers`); n != 3 {
		t.Errorf("%d customers; a create that failed left one", n)
	}

	// Nobody was logged in; the log says how it was done.
	for _, action := range []string{"customer.created", "customer.suspended", "customer.activated"} {
		entries := p.Entries(action)
		if len(entries) != 1 || *entries[0].CustomerID != id || entries[0].Actor != nil {
			t.Errorf("%s: %+v", action, entries)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.audit_log where detail->>'by' = 'command line' and detail ? 'os_user'`); n != 3 {
		t.Errorf("%d entries say that it was the command line", n)
	}
}
