package features

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const publicURL = "https://portal.example.com"

func public(s *harness.Settings) { s.Server.PublicURL = publicURL }

// unposted has no mail set up, so that whoever invites gets the link.
func unposted(s *harness.Settings) { s.Server.ServiceKeys = map[string]string{} }

// page gets what stands at an address of the portal.
func (p *portal) page(address string) (text string, header http.Header) {
	p.T.Helper()
	a := p.Ask("GET", address, "", nil).Want(p.T, http.StatusOK)
	return string(a.Body), a.Header
}

// The link of an invitation is built from what the portal was told, whatever a Host header says, and leads to a page
// that runs no script but the portal's own files.
func TestInvitations_LinkLeadsToAPage(t *testing.T) {
	t.Parallel()
	p := newPortal(t, public, unposted)
	req, err := p.NewRequest(t.Context(), "POST", "/api/invitations/", map[string]string{"email": "new@example.com", "role": auth.User})
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	req.Header.Set("Authorization", "Bearer "+p.Token(harness.CompanyA, auth.Admin))
	req.Header.Set("X-Forwarded-Host", "evil.example")
	a, err := harness.Send(req)
	if err != nil {
		t.Fatal(err)
	}
	var i invited
	a.Want(t, http.StatusOK).JSON(t, &i)
	address, token, _ := strings.Cut(i.Link, "#/accept-invitation?token=")
	path, ours := strings.CutPrefix(address, publicURL)
	if !ours || token != i.Token {
		t.Fatalf("the link is %s", i.Link)
	}
	text, header := p.page(path)
	if kind := header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") {
		t.Errorf("the page is %s", kind)
	}
	if policy := header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'self'; ") || !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "require-trusted-types-for 'script'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the page's policy is %q", policy)
	}
	if regexp.MustCompile(`<script[^>]*>[^<]|<style|\son[a-z]+=|\sstyle=`).MatchString(text) {
		t.Error("something within the page itself would be run, and the policy forbids it")
	}
	files := regexp.MustCompile(`(?:src|href)="(/pages/[^"]+)"`).FindAllStringSubmatch(text, -1)
	if len(files) != 3 {
		t.Errorf("the page loads %v", files)
	}
	for _, f := range files {
		p.page(f[1])
	}
	p.Ask("GET", "/pages/..%2fpages.go", "", nil).Problem(t, http.StatusNotFound)
	p.Ask("GET", "/pages/", "", nil).Problem(t, http.StatusNotFound)

	// A portal that was told nothing says no host of its own.
	untold := newPortal(t)
	if i := untold.invite(harness.CompanyA, "new@example.com", auth.User); i.Link != "/#/accept-invitation?token="+i.Token {
		t.Errorf("the link is %s", i.Link)
	}
}

func TestTenants_URLIsOfThePublicOne(t *testing.T) {
	t.Parallel()
	p := newPortal(t, public, unposted)
	var made struct {
		URL        string
		Invitation invited
	}
	p.Do("POST", "/tenants/", p.Token(harness.CompanyA, auth.SuperAdmin), map[string]string{"company_name": "Maple", "subdomain": "maple", "admin_email": "m@example.com"}).
		Want(t, http.StatusOK).JSON(t, &made)
	if made.URL != "https://maple.portal.example.com" || !strings.HasPrefix(made.Invitation.Link, publicURL+"/#/") {
		t.Errorf("%+v", made)
	}
}

// What the old pages of the administration send, and what they read of the answer: ok and message, also where they
// are refused (they show message in an alert).
func TestOldPages_ReadOKAndMessage(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	user := itoa(p.person(harness.CompanyA, auth.User))
	form := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	for _, c := range []struct {
		call   string
		body   any
		token  string
		status int
	}{
		{"POST /admin/suspend-user/" + user, nil, admin, 200},
		{"POST /admin/suspend-user/" + user, nil, admin, 409},
		{"POST /admin/reactivate-user/" + user, nil, admin, 200},
		{"POST /admin/approve-user/" + user, form("role", "User"), admin, 409},
		{"POST /admin/reject-user/987654321", nil, admin, 404},
		{"POST /admin/reject-user/x", nil, admin, 422},
		{"POST /admin/change-user-role/" + user, form("role", "Emperor"), admin, 400},
		{"POST /admin/change-user-role/" + user, form("role", "Manager"), p.Token(harness.CompanyA, auth.Manager), 403},
		{"POST /admin/change-user-role/" + user, form("role", "Manager"), "", 401},
		{"POST /admin/create-user/", form("name", "A", "email", "none", "phone", "", "role", "User", "password", harness.Chosen), admin, 422},
		{"POST /admin/nothing/", nil, admin, 404},
		{"GET /admin/pending-users/", nil, p.Token(harness.CompanyA, auth.User), 403},
		{"POST /api/change-password/", map[string]string{"current_password": "wrong one", "new_password": harness.Chosen}, admin, 401},
		{"PUT /update-profile", map[string]string{"phone_number": "nobody"}, admin, 422},
		{"POST /api/update-default-equipment/", map[string]any{"default_equipment": 7.5}, admin, 422},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		a := p.Do(method, path, c.token, c.body)
		var said struct {
			OK              *bool
			Message, Detail string
		}
		a.JSON(t, &said)
		t.Logf("%s → %d %s", c.call, a.Status, strings.TrimSpace(string(a.Body)))
		switch {
		case a.Status != c.status, said.OK == nil, *said.OK != (c.status == 200), said.Message == "", said.Detail != "" && said.Detail != said.Message:
			t.Errorf("%s: %d %s, want %d with ok and message", c.call, a.Status, a.Body, c.status)
		}
	}
	// Elsewhere a problem is a problem.
	if a := p.Do("DELETE", "/delete-property/987654321", admin, nil).Want(t, 404); strings.Contains(string(a.Body), `"ok"`) {
		t.Errorf("%s", a.Body)
	}
}

// Who asked by the form has a name in both lists; one request is counted as one.
func TestOldPages_SignUpByForm(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	p.Do("POST", "/signup-request/", "", url.Values{
		"name": {"Rae  Doyle"}, "email": {"Rae@Example.com"}, "phone": {"(716) 555-0100"}, "role": {"User"}, "password": {harness.Chosen}, "customer_id": {harness.CompanyA},
	}).Want(t, http.StatusOK)
	for _, path := range []string{"/admin/pending-users/", "/signup-requests/"} {
		var list []map[string]any
		p.Do("GET", path, admin, nil).Want(t, http.StatusOK).JSON(t, &list)
		if len(list) != 1 || list[0]["name"] != "Rae Doyle" || path == "/admin/pending-users/" && list[0]["display_name"] != "Rae Doyle" {
			t.Errorf("%s: %v", path, list)
		}
	}
	var done struct{ Message string }
	id := harness.Query[int64](p.Portal, `select id from portal.users where email = 'rae@example.com'`)
	p.Do("POST", "/approve-signup-requests/", admin, []int64{id}).Want(t, http.StatusOK).JSON(t, &done)
	if done.Message != "1 request approved" {
		t.Error(done.Message)
	}
	p.Do("POST", "/approve-signup-requests/", admin, []int64{id}).Want(t, http.StatusOK).JSON(t, &done)
	if done.Message != "0 requests approved" {
		t.Error(done.Message)
	}
}

// The switcher page is for super admins: no Admin is one, and the refusal says so. They have it.
func TestTenants_AreForSuperAdmins(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	refusal := p.Do("GET", "/tenants/", p.Token(harness.CompanyA, auth.Admin), nil).Problem(t, http.StatusForbidden)
	if !strings.Contains(refusal.Detail, "super admins") {
		t.Error(refusal.Detail)
	}
	p.Do("GET", "/tenants/", p.ActingToken(), nil).Problem(t, http.StatusForbidden)
	p.Do("GET", "/tenants/", p.Token(harness.CompanyA, auth.SuperAdmin), nil).Want(t, http.StatusOK)
}

// A look-up that fails is no look-up that found nothing.
func TestAssignments_AFaultIsNotAnAbsentEvent(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Populate()
	list := harness.Query[int64](p.Portal, `select l.id from portal.property_lists l join portal.property_list_items i on i.list_id = l.id where l.customer_id = $1 and l.is_shared limit 1`, harness.CompanyA)
	body := map[string]any{"property_list_id": list, "winter_event_id": 987_654_321}
	manager := p.Token(harness.CompanyA, auth.Manager)
	p.Do("POST", "/ai-assign-property-list", manager, body).Problem(t, http.StatusNotFound)
	p.Exec(`revoke select on portal.winter_events from portal_app`)
	if a := p.Do("POST", "/ai-assign-property-list", manager, body); a.Status == http.StatusNotFound {
		t.Errorf("a fault reads as an absent event: %s", a.Body)
	}
}

// The policy lets a page load images of the one host that the map's tiles come from, and of no other.
func TestPages_TilesInThePolicy(t *testing.T) {
	t.Parallel()
	images := regexp.MustCompile(`(?:^|; )img-src ([^;]*)`)
	for tiles, want := range map[string]string{"": "'self'", "https://tiles.example.com:8443/{z}/{x}/{y}.png?key=1": "'self' https://tiles.example.com:8443"} {
		p := newPortal(t, func(s *harness.Settings) { s.Server.Tiles = tiles })
		for _, address := range []string{"/", "/pages/app.js"} {
			_, header := p.page(address)
			policy := header.Get("Content-Security-Policy")
			if found := images.FindStringSubmatch(policy); found == nil || found[1] != want || strings.Count(policy, "example.com") != strings.Count(want, "example.com") {
				t.Errorf("with tiles at %q the policy of %s is %q", tiles, address, policy)
			}
		}
		var told struct{ Tiles string }
		p.Ask("GET", "/pages/config.json", "", nil).Want(t, http.StatusOK).JSON(t, &told)
		if told.Tiles != tiles {
			t.Errorf("the pages are told of %q instead of %q", told.Tiles, tiles)
		}
	}
}
