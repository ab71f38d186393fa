package service

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Every call that docs/operations.md names is an operation.
func TestOperations_CallsAreThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(harness.Root + "/docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	operations := map[string]bool{}
	for _, op := range harness.ReadDocument(t, newPortal(t).Portal) {
		operations[op.Method+" "+strings.TrimSuffix(op.Path, "/")] = true
	}
	named := regexp.MustCompile("`((?:GET|POST|PUT|DELETE) /[^` ]*?)/?`").FindAllStringSubmatch(string(text), -1)
	for _, m := range named {
		if !operations[m[1]] {
			t.Errorf("docs/operations.md names %s, which is no operation", m[1])
		}
	}
	if len(named) < 15 {
		t.Errorf("only %d calls were found", len(named))
	}
}

// Who loses the keys file makes a new one, as docs/operations.md says: sessions go on by their refresh tokens, passwords
// and data are as they were, access tokens and the keys of other services are lost, and reseal names the latter.
func TestOperations_LostKeys(t *testing.T) {
	t.Parallel()
	before := newPortal(t)
	admin := harness.Email(harness.CompanyA, auth.Admin)
	session := before.Session(admin)
	before.Do("POST", storedKeys, session.AccessToken, map[string]any{"key_name": "mapbox_token", "key_value": planted}).Want(t, http.StatusOK)

	file := keyFile(t)
	after := sealed{newPortal(t, withKeysOf(t, file), func(s *harness.Settings) { s.Database = before.Database }), file}
	after.must("add")
	after.Do("GET", "/properties/", session.AccessToken, nil).Problem(t, http.StatusUnauthorized)
	var fresh harness.Pair
	after.Do("POST", "/api/refresh/", "", map[string]any{"refresh_token": session.RefreshToken}).Want(t, http.StatusOK).JSON(t, &fresh)
	after.Do("GET", "/properties/", fresh.AccessToken, nil).Want(t, http.StatusOK)
	after.LoginWith(admin, harness.Password).Want(t, http.StatusOK)

	out, err := after.command("reseal")
	if err == nil || !strings.Contains(out, "of "+harness.CompanyA) || strings.Contains(out, planted) {
		t.Errorf("reseal: %v: %s", err, out)
	}
	after.Do("POST", storedKeys, fresh.AccessToken, map[string]any{"key_name": "mapbox_token", "key_value": planted}).Want(t, http.StatusOK)
	if out, err := after.command("reseal"); err != nil {
		t.Errorf("after it was stored again: %v: %s", err, out)
	}
}
