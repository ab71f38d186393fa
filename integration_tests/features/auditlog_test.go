package features

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Who acts is taken from the verified context: a role of the API that may write an entry can neither
// name somebody else nor change or remove what stands there.
func TestAuditLog_IsAppendOnlyAndNamesNobodyElse(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`insert into platform.audit_log (customer_id, action) values ($1, 'test.done')`, harness.CompanyA)
	admin := harness.NewMember(t, p.Super, harness.CompanyA, auth.Admin)
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker"} {
		conn := p.As(role)
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
			_, outside := conn.Exec(t.Context(), sql)
			errs := []error{outside}
			if role == "portal_app" {
				errs = append(errs, admin.Inside(t.Context(), conn, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), sql); return err }))
			}
			for _, err := range errs {
				if code := harness.SQLState(err); code != "42501" {
					t.Errorf("%s: %s: got %v, want permission denied", role, sql, err)
				}
			}
		}
	}
	// Not even another company's log can be named inside one.
	_, err := p.As("portal_app").Exec(t.Context(), `insert into platform.audit_log (action, customer_id) values ('user.deleted', $1)`, harness.CompanyB)
	if code := harness.SQLState(err); code != "42501" {
		t.Errorf("portal_app names the company of an entry: %v", err)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.audit_log where action = 'test.done'`); n != 1 {
		t.Errorf("%d entries are left of 1", n)
	}
}

// entriesOf are those of a company's audit log.
func (p *portal) entriesOf(company string) []harness.AuditEntry {
	return p.AuditLog("customer_id = $1", company)
}

func TestAuditLog_NamesWhoChangedAPassword(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	change := map[string]string{"current_password": harness.Password, "new_password": "another horse battery"}
	p.Do("POST", "/api/change-password/", p.Token(harness.CompanyA, auth.Manager), change).Want(t, http.StatusOK)
	p.Do("POST", "/api/change-password/", p.Token("", auth.SuperAdmin), change).Want(t, http.StatusOK)

	manager := harness.Query[int64](p.Portal, `select id from portal.users where email = $1`, harness.Email(harness.CompanyA, auth.Manager))
	olive := harness.Query[int64](p.Portal, `select id from platform.operators`)
	want := []harness.AuditEntry{
		{
			CustomerID: new(harness.CompanyA), Actor: new("Manager One"), Role: new(auth.Manager), UserID: &manager,
			Action: new("password.changed"), ObjectType: new("user"), HasRequest: true,
		},
		{Actor: new("Olive Operator"), OperatorID: &olive, Action: new("password.changed"), ObjectType: new("operator"), HasRequest: true},
	}
	if diff := cmp.Diff(want, p.Entries("password.changed")); diff != "" {
		t.Error(diff)
	}
}

func TestAuditLog_IsReadByTheCompanysAdmin(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`
		insert into platform.audit_log (customer_id, at, actor_user_id, actor_role, actor_name, action, object_type, object_id, detail)
		select c, '2026-01-10 05:00Z'::timestamptz + make_interval(days => n), 7, 'Admin', 'Person ' || n % 2,
			case n % 3 when 0 then 'user.suspended' when 1 then 'user.added' else 'customer.changed' end,
			case n % 3 when 2 then 'customer' else 'user' end, n::text, jsonb_build_object('n', n, 'of', c)
		from unnest(array['AAAA22222', 'BBBB33333']) as c, generate_series(0, 11) as n`)
	type row struct {
		ID     int64
		At     string
		Action string
		Detail struct {
			N  int
			Of string
		}
	}
	get := func(company, filter string) (all []row, total string) {
		t.Helper()
		a := p.Do("GET", "/api/audit-log/?"+filter, p.Token(company, auth.Admin), nil).Want(t, http.StatusOK)
		a.JSON(t, &all)
		return all, a.Header.Get("X-Total-Count")
	}
	for filter, want := range map[string][]int{
		"":                             {11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
		"limit=2&offset=3":             {8, 7},
		"action=user.suspended":        {9, 6, 3, 0},
		"action=user":                  {10, 9, 7, 6, 4, 3, 1, 0},
		"actor=person+1":               {11, 9, 7, 5, 3, 1},
		"object_type=customer":         {11, 8, 5, 2},
		"user_id=8":                    {},
		"action=user&actor=PERSON%200": {10, 6, 4, 0},
		"actor=%25":                    {},
		// 05:00Z is midnight in New York: the first moment of a day there.
		"from=2026-01-12&to=2026-01-14": {4, 3, 2},
		"from=2026-01-21":               {11},
		"to=2026-01-10":                 {0},
	} {
		all, _ := get(harness.CompanyA, filter)
		have := []int{}
		for _, r := range all {
			have = append(have, r.Detail.N)
			if r.Detail.Of != harness.CompanyA {
				t.Errorf("%q: an entry of %s", filter, r.Detail.Of)
			}
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%q: %s", filter, diff)
		}
	}
	if all, total := get(harness.CompanyA, "limit=2"); total != "12" || all[0].At != "2026-01-21T00:00:00" {
		t.Errorf("total %s, newest at %s", total, all[0].At)
	}
	// B reads its own, on its own clock: Chicago is an hour behind, so its days hold other entries.
	if all, _ := get(harness.CompanyB, "from=2026-01-12&to=2026-01-12"); len(all) != 1 || all[0].Detail.Of != harness.CompanyB || all[0].Detail.N != 3 || all[0].At != "2026-01-12T23:00:00" {
		t.Errorf("B reads %+v", all)
	}
	p.Do("GET", "/api/audit-log/?from=yesterday", p.Token(harness.CompanyA, auth.Admin), nil).Problem(t, http.StatusUnprocessableEntity)
	for _, role := range harness.Roles[1:] {
		p.Do("GET", "/api/audit-log/", p.Token(harness.CompanyA, role), nil).Problem(t, http.StatusForbidden)
	}
}

// A change and its entry stand together or not at all.
func TestAuditLog_EntryAndChangeStandTogether(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`alter table platform.audit_log add constraint full_up check (action <> 'customer.changed') not valid`)
	a := p.Do("PUT", "/api/my-customer/", p.Token(harness.CompanyA, auth.Admin), map[string]string{"contact_name": "Nobody"})
	if a.Status == http.StatusOK {
		t.Errorf("changed without an entry: %s", a.Body)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.customers where contact_name = 'Nobody'`); n != 0 {
		t.Error("the change stands, its entry does not")
	}
}
