package integration_tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// program builds the portal once for all tests that run it; the run's end removes it.
var program = sync.OnceValues(func() (file string, err error) {
	if suite.programs, err = os.MkdirTemp("", "portal-program-"); err != nil {
		return "", err
	}
	file = filepath.Join(suite.programs, "portal")
	cmd := exec.Command("go", "build", "-o", file, "..")
	cmd.Stderr = os.Stderr
	return file, cmd.Run()
})

// command runs the program on a database, and returns what it prints.
func command(t *testing.T, url string, args ...string) (out string, err error) {
	t.Helper()
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), file, args...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url)
	text, err := cmd.CombinedOutput()
	return string(text), err
}

func TestCommandLine_Customers(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	url := suite.cluster.url("", p.database)
	run := func(args ...string) string {
		t.Helper()
		out, err := command(t, url, args...)
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		return out
	}
	fails := func(want string, args ...string) {
		t.Helper()
		if out, err := command(t, url, args...); err == nil || !strings.Contains(out, want) {
			t.Errorf("%v: %v: %s; want %q", args, err, out, want)
		}
	}

	fields := strings.Fields(run("customers", "create", "--company-name", "Cedar Grounds", "--admin-email", "Cleo@Cedar.example", "--plan", "free"))
	id, token := fields[1], fields[3]
	if !strings.Contains(run("customers", "list"), id) || !strings.Contains(run("customers", "show", strings.ToLower(id)), `"max_users": 3`) {
		t.Errorf("%s is not listed, or not as it was made", id)
	}
	p.accept(token).want(t, 200)
	member := p.do("POST", "/api/login/", "", map[string]string{"username": "cleo@cedar.example", "password": chosen})
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	member.want(t, 200).json(t, &tokens)

	run("customers", "suspend", id, "--reason", "unpaid")
	p.do("GET", "/properties/", tokens.AccessToken, nil).problem(t, 403)
	run("customers", "activate", id)
	p.do("GET", "/properties/", tokens.AccessToken, nil).want(t, 200)

	fails("no such customer", "customers", "suspend", "ZZZZ99999")
	fails("8 or 9 letters and digits", "customers", "show", "x")
	fails("not an e-mail address", "customers", "create", "--company-name", "X", "--admin-email", "nobody")
	if n := query[int](p, `select count(*) from platform.customers`); n != 3 {
		t.Errorf("%d customers; a create that failed left one", n)
	}

	// Nobody was logged in; the log says how it was done.
	for _, action := range []string{"customer.created", "customer.suspended", "customer.activated"} {
		entries := p.entries(action)
		if len(entries) != 1 || *entries[0].CustomerID != id || entries[0].Actor != nil {
			t.Errorf("%s: %+v", action, entries)
		}
	}
	if n := query[int](p, `select count(*) from platform.audit_log where detail->>'by' = 'command line' and detail ? 'os_user'`); n != 3 {
		t.Errorf("%d entries say that it was the command line", n)
	}
}
