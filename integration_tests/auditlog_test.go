package integration_tests

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

// Who acts is taken from the verified context: a role of the API that may write an entry can neither
// name somebody else nor change or remove what stands there.
func TestAuditLog_IsAppendOnlyAndNamesNobodyElse(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.exec(`insert into platform.audit_log (customer_id, action) values ($1, 'test.done')`, companyA)
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform"} {
		conn := p.as(role)
		for _, sql := range []string{
			`update platform.audit_log set action = 'nothing.happened'`,
			`update platform.audit_log set detail = '{}'`,
			`delete from platform.audit_log`,
			`truncate platform.audit_log`,
			`insert into platform.audit_log (action, actor_user_id) values ('user.deleted', 1)`,
			`insert into platform.audit_log (action, actor_operator_id) values ('user.deleted', 1)`,
			`insert into platform.audit_log (action, actor_role) values ('user.deleted', 'Admin')`,
			`insert into platform.audit_log (action, actor_name) values ('user.deleted', 'Somebody Else')`,
			`insert into platform.audit_log (action, at) values ('user.deleted', now() - interval '1 year')`,
		} {
			_, err := conn.Exec(t.Context(), sql)
			if code := sqlState(err); code != "42501" {
				t.Errorf("%s: %s: got %v, want permission denied", role, sql, err)
			}
		}
	}
	// Not even another company's log can be named inside one.
	_, err := p.as("portal_app").Exec(t.Context(), `insert into platform.audit_log (action, customer_id) values ('user.deleted', $1)`, companyB)
	if code := sqlState(err); code != "42501" {
		t.Errorf("portal_app names the company of an entry: %v", err)
	}
	if n := query[int](p, `select count(*) from platform.audit_log where action = 'test.done'`); n != 1 {
		t.Errorf("%d entries are left of 1", n)
	}
}

type auditEntry struct {
	CustomerID, Actor, Role, Action, ObjectType *string
	UserID, OperatorID                          *int64
	HasRequest                                  bool
}

// entries are those of the audit log with an action, oldest first, seen from outside of row security.
func (p *portal) entries(action string) []auditEntry { return p.auditLog("action = $1", action) }

// entriesOf are those of a company's audit log.
func (p *portal) entriesOf(company string) []auditEntry {
	return p.auditLog("customer_id = $1", company)
}

func (p *portal) auditLog(condition string, args ...any) (all []auditEntry) {
	p.t.Helper()
	rows, err := p.super.Query(p.t.Context(), `
		select customer_id, actor_name, actor_role, action, object_type, actor_user_id, actor_operator_id, request_id is not null
		from platform.audit_log where `+condition+` order by id`, args...)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e auditEntry
		if err := rows.Scan(&e.CustomerID, &e.Actor, &e.Role, &e.Action, &e.ObjectType, &e.UserID, &e.OperatorID, &e.HasRequest); err != nil {
			p.t.Fatal(err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return all
}

func TestAuditLog_NamesWhoChangedAPassword(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	change := map[string]string{"current_password": password, "new_password": "another horse battery"}
	p.do("POST", "/api/change-password/", p.token(companyA, auth.Manager), change).want(t, http.StatusOK)
	p.do("POST", "/api/change-password/", p.token("", auth.SuperAdmin), change).want(t, http.StatusOK)

	manager := query[int64](p, `select id from portal.users where email = $1`, email(companyA, auth.Manager))
	olive := query[int64](p, `select id from platform.operators`)
	want := []auditEntry{
		{
			CustomerID: new(companyA), Actor: new("Manager One"), Role: new(auth.Manager), UserID: &manager,
			Action: new("password.changed"), ObjectType: new("user"), HasRequest: true,
		},
		{Actor: new("Olive Operator"), OperatorID: &olive, Action: new("password.changed"), ObjectType: new("operator"), HasRequest: true},
	}
	if diff := cmp.Diff(want, p.entries("password.changed")); diff != "" {
		t.Error(diff)
	}
}
