package isolation

import (
	"fmt"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// What an entry asks of a person is what his session's row says; PostgreSQL keeps it equal to the person.
func TestSessions_AreEqualToTheirPeople(t *testing.T) {
	t.Parallel()
	super := harness.ConnectAs(t, "", harness.CloneDatabase(t))
	harness.NewMember(t, super, harness.CompanyA, auth.User)
	harness.NewMember(t, super, harness.CompanyA, auth.Manager)
	harness.NewActingOperator(t, super, harness.CompanyA)
	const different = `
		select count(*) filter (where (s.role, s.status) is distinct from (coalesce(l.role, s.role), coalesce(l.status, o.status)))
		from platform.sessions s
		left join platform.logins l on (l.customer_id, l.user_id) = (s.customer_id, s.user_id)
		left join platform.operators o on o.id = s.operator_id`
	for _, sql := range []string{
		"select",
		"update portal.users set role = 'Contractor' where email = 'user@a.example'",
		"update portal.users set status = 'suspended' where email = 'manager@a.example'",
		"update portal.users set role = 'User', status = 'active', email = 'changed@a.example' where email = 'manager@a.example'",
		"update platform.operators set status = 'suspended'",
		"update platform.operators set status = 'active'",
	} {
		var n int
		if _, err := super.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		} else if err := super.QueryRow(t.Context(), different).Scan(&n); err != nil || n > 0 {
			t.Errorf("after %s %d sessions differ from their people (%v)", sql, n, err)
		}
	}
	for _, sql := range []string{
		"update platform.sessions set role = 'Admin' where user_id is not null",
		"update platform.sessions set status = 'pending' where user_id is not null",
		"update platform.sessions set status = 'suspended' where operator_id is not null",
		"update platform.sessions set operator_id = 1000000 where parent_id is not null",
		"update platform.sessions set parent_id = '00000000-0000-4000-8000-000000000000' where parent_id is not null",
	} {
		if _, err := super.Exec(t.Context(), sql); harness.SQLState(err) != "23503" {
			t.Errorf("%s: %v, want SQLSTATE 23503", sql, err)
		}
	}
}

// A session is of a member, of an operator, an operator's in a customer, or a service's: a column of its keys that is null would be
// equal to nothing, and follow nobody.
func TestSessions_AreOfAKind(t *testing.T) {
	t.Parallel()
	super := harness.ConnectAs(t, "", harness.CloneDatabase(t))
	op := harness.NewOperator(t, super)
	member := harness.NewMember(t, super, harness.CompanyA, auth.User)
	_, key := harness.NewService(t, super, harness.CompanyA)
	values := map[string]string{
		"customer_id": "'AAAA22222'", "user_id": fmt.Sprint(*member.User), "role": "'User'", "operator_id": fmt.Sprint(*op.Acting),
		"parent_id": "'" + op.Session + "'", "family_hash": "sha256('family')", "refresh_hash": "sha256('refresh')", "previous_hash": "sha256('previous')",
		"service_token_id": fmt.Sprint(key),
	}
	columns := []string{"customer_id", "user_id", "role", "operator_id", "parent_id", "service_token_id", "family_hash", "refresh_hash", "previous_hash"}
	kinds := map[string]bool{ // what each kind has, previous_hash apart
		"customer_id user_id role family_hash refresh_hash": true,
		"operator_id family_hash refresh_hash":              true,
		"customer_id role operator_id parent_id":            true,
		"customer_id role service_token_id":                 true,
	}
	accepted := 0
	for set := range 1 << len(columns) {
		var with, given []string
		for i, column := range columns {
			if set>>i&1 == 1 {
				with, given = append(with, column), append(given, values[column])
			}
		}
		names := strings.Join(with, " ")
		for column, role := range map[string]string{"parent_id": "'Admin'", "service_token_id": "'Service'"} {
			if strings.Contains(names, column) {
				given = strings.Split(strings.Replace(strings.Join(given, "|"), "'User'", role, 1), "|")
			}
		}
		own, previous := strings.CutSuffix(names, " previous_hash")
		want := kinds[own] && (!previous || strings.Contains(names, "refresh_hash"))
		_, err := super.Exec(t.Context(), fmt.Sprintf("insert into platform.sessions (%s) values (%s)",
			strings.Join(append(with, "status", "expires_at"), ", "), strings.Join(append(given, "'active'", "now() + interval '1 hour'"), ", ")))
		if (err == nil) != want || err != nil && harness.SQLState(err) != "23514" {
			t.Errorf("a session with %s: %v, allowed: %t", names, err, want)
		}
		if err == nil {
			accepted++
		}
	}
	if accepted != 6 {
		t.Errorf("%d kinds were accepted", accepted)
	}
	for _, set := range []string{"role = 'Admin'", "role = 'User'", "status = 'suspended'"} {
		if _, err := super.Exec(t.Context(), "update platform.sessions set "+set+" where service_token_id is not null"); harness.SQLState(err) != "23514" {
			t.Errorf("a service with %s: %v", set, err)
		}
	}
	if _, err := super.Exec(t.Context(), "update platform.sessions set service_token_id = 1000000 where service_token_id is not null"); harness.SQLState(err) != "23503" {
		t.Errorf("a service without a key: %v", err)
	}
	if _, err := super.Exec(t.Context(), "update platform.sessions set status = null"); harness.SQLState(err) != "23502" {
		t.Errorf("no status: %v", err)
	}
}
