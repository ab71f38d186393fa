package features

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func TestUsers_ApproveRejectSuspendReactivate(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	rae, moe, foreign := p.request(harness.CompanyA, "rae@example.com", auth.Admin), p.request(harness.CompanyA, "moe@example.com", auth.User), p.request(harness.CompanyB, "rae@example.com", auth.Admin)
	p.Exec(`insert into platform.identities (customer_id, user_id, provider, subject, email)
		select customer_id, id, 'google', 'subject-of-rae', 'rae@gmail.example' from portal.users where email = 'rae@example.com'`)

	var list []struct {
		ID            int64
		Email         string
		Identities    string
		RequestedRole string `json:"requested_role"`
	}
	p.Do("GET", "/admin/pending-users/", admin, nil).Want(t, http.StatusOK).JSON(t, &list)
	if len(list) != 2 || list[0].ID != moe || list[1].ID != rae || list[1].Identities != "google:rae@gmail.example" || list[1].RequestedRole != auth.Admin {
		t.Fatalf("pending, newest first: %+v", list)
	}
	p.Do("POST", userPath("admin/approve-user", foreign), admin, url.Values{}).Problem(t, http.StatusNotFound)
	p.Do("POST", userPath("admin/suspend-user", rae), admin, nil).Problem(t, http.StatusConflict)
	p.Do("POST", userPath("admin/change-user-role", rae), admin, url.Values{"role": {auth.Admin}}).Problem(t, http.StatusConflict)
	p.Do("POST", userPath("admin/approve-user", rae), admin, url.Values{"role": {"King"}}).Problem(t, http.StatusBadRequest)

	// What was asked for is granted by nobody but the Admin who names it.
	p.Do("POST", userPath("admin/approve-user", rae), admin, url.Values{}).Want(t, http.StatusOK)
	p.Do("POST", userPath("admin/approve-user", rae), admin, url.Values{}).Problem(t, http.StatusConflict)
	p.Do("POST", userPath("admin/reject-user", moe), admin, nil).Want(t, http.StatusOK)
	steps := []string{p.state(rae), p.state(moe), p.state(foreign)}
	p.Do("POST", userPath("admin/change-user-role", rae), admin, url.Values{"role": {auth.Manager}}).Want(t, http.StatusOK)
	p.Do("POST", userPath("admin/suspend-user", rae), admin, nil).Want(t, http.StatusOK)
	steps = append(steps, p.state(rae))
	p.Do("POST", userPath("admin/suspend-user", rae), admin, nil).Problem(t, http.StatusConflict)
	p.Do("POST", userPath("admin/reactivate-user", rae), admin, nil).Want(t, http.StatusOK)
	steps = append(steps, p.state(rae))
	want := []string{"User active", "gone", "User pending", "Manager suspended", "Manager active"}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
	for _, action := range []string{"user.approved", "user.rejected", "user.suspended", "user.reactivated", "user.role_changed"} {
		if n := len(p.Entries(action)); n != 1 {
			t.Errorf("%d audit entries of %s", n, action)
		}
	}
}

// An operator who acts inside a company has an Admin's rights over its people, nobody's record of his
// own, and his name in the audit log. Even he leaves the company an active Admin.
func TestUsers_ActingOperator(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	acting, last := p.ActingToken(), p.person(harness.CompanyA, auth.Admin)
	p.Do("POST", userPath("admin/suspend-user", p.person(harness.CompanyB, auth.User)), acting, nil).Problem(t, http.StatusNotFound)
	for _, refused := range []harness.Answer{
		p.Do("POST", userPath("admin/change-user-role", last), acting, url.Values{"role": {auth.User}}),
		p.Do("POST", userPath("admin/suspend-user", last), acting, nil),
		p.Do("DELETE", userPath("delete-user", last), acting, nil),
		p.Do("PUT", userPath("update-user", last), acting, newPerson("Admin One", "admin@a.example", auth.User)),
	} {
		if detail := refused.Problem(t, http.StatusConflict).Detail; !strings.Contains(detail, "company keeps an active admin") {
			t.Error(detail)
		}
	}
	p.Exec(`insert into portal.routes (customer_id, name, user_id) select customer_id, 'North', id from portal.users where email = 'manager@a.example'`)
	p.Do("DELETE", userPath("delete-user", p.person(harness.CompanyA, auth.Manager)), acting, nil).Want(t, http.StatusOK)
	if heir := harness.Query[int64](p.Portal, `select user_id from portal.routes`); heir != last {
		t.Errorf("the route went to %d, want the Admin %d", heir, last)
	}
	p.Do("POST", "/add-user/", acting, newPerson("Admin Two", "admin2@a.example", auth.Admin)).Want(t, http.StatusOK)
	p.Do("POST", userPath("admin/suspend-user", last), acting, nil).Want(t, http.StatusOK)
	for _, action := range []string{"user.added", "user.suspended", "user.deleted"} {
		if entries := p.Entries(action); len(entries) != 1 || *entries[0].Actor != "Olive Operator" || entries[0].UserID != nil {
			t.Errorf("audit of %s: %+v", action, entries)
		}
	}
}
