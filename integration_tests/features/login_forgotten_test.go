package features

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const (
	forgottenPassword = "/api/forgotten-password/"
	newPassword       = "the password of tomorrow"
)

func (p *portal) forget(email, customer string) harness.Answer {
	p.T.Helper()
	return p.Do("POST", forgottenPassword, "", map[string]string{"email": email, "customer_id": customer})
}

func (p *portal) redeemLink(token, password string) harness.Answer {
	p.T.Helper()
	return p.Do("POST", forgottenPassword+"reset", "", map[string]string{"token": token, "password": password})
}

// token is the one in the link of a mail.
func (p *posted) token(m harness.Mail) string {
	p.T.Helper()
	_, rest, found := strings.Cut(m.Text, publicURL+"/#/reset-password?token=")
	token, _, _ := strings.Cut(rest, "\n")
	if !found || len(token) < 26 {
		p.T.Fatalf("there is no link in %s", m.Text)
	}
	return token
}

// link is the one that somebody is mailed.
func (p *posted) link(email string) string {
	p.T.Helper()
	p.forget(email, "").Want(p.T, http.StatusOK)
	m := p.Taken(1)[0]
	if !slices.Equal(m.To, []string{email}) {
		p.T.Errorf("the link of %s went to %q", email, m.To)
	}
	return p.token(m)
}

// Somebody who has forgotten his password chooses another one by a mail, once. All his sessions end, and nobody else's; the
// audit log of his company says so, and nothing but the mail has the link.
func TestForgotten_ALinkByMail(t *testing.T) {
	t.Parallel()
	p := newPosted(t, public)
	email := harness.Email(harness.CompanyA, auth.Manager)
	before, others := p.Session(email), p.Session(harness.Email(harness.CompanyB, auth.Manager))
	p.Exec(`update platform.logins set confirmed_at = null`)
	token := p.link(email)
	p.Do("GET", "/verify-token", before.AccessToken, nil).Want(t, http.StatusOK)
	p.LoginWith(email, harness.Password).Want(t, http.StatusOK)

	// A password that he may not have uses nothing up.
	for _, refused := range []string{"short", email} {
		if problem := p.redeemLink(token, refused).Problem(t, http.StatusUnprocessableEntity); len(problem.Errors) == 0 || problem.Errors[0].Location != "body.password" {
			t.Errorf("%s: %+v", refused, problem.Errors)
		}
	}
	p.redeemLink(token, newPassword).Want(t, http.StatusOK)
	p.wantOver(before)
	p.Do("GET", "/verify-token", others.AccessToken, nil).Want(t, http.StatusOK)
	p.LoginWith(email, harness.Password).Problem(t, http.StatusUnauthorized)
	p.LoginWith(email, newPassword).Want(t, http.StatusOK)
	p.LoginWith(harness.Email(harness.CompanyB, auth.Manager), harness.Password).Want(t, http.StatusOK)
	p.LoginWith(harness.Email(harness.CompanyA, auth.User), harness.Password).Want(t, http.StatusOK)

	for _, action := range []string{"password.forgotten", "password.reset"} {
		entries := p.Entries(action)
		if len(entries) != 1 || *entries[0].CustomerID != harness.CompanyA || *entries[0].ObjectType != "user" || entries[0].Actor != nil || !entries[0].HasRequest {
			t.Errorf("%s: %+v", action, entries)
		}
	}
	// A company sees what its own account sends: the mail proves nothing of whose the address is.
	if n := harness.Query[int](p.Portal, `select count(*) from platform.logins where confirmed_at is not null`); n != 0 {
		t.Error("the link has confirmed an address")
	}
	for what, text := range map[string]string{"the log": p.Log.String(), "the database": p.dump()} {
		if strings.Contains(text, token) || strings.Contains(text, newPassword) {
			t.Errorf("%s has the link or the password", what)
		}
	}
}

// Whatever is wrong with a link, the answer is the same, and the person stays as he was.
func TestForgotten_RefusedAlike(t *testing.T) {
	t.Parallel()
	p := newPosted(t, public)
	const a = harness.CompanyA
	links := map[string]string{}
	for _, role := range harness.Roles {
		links[role] = p.link(harness.Email(a, role))
	}
	late, moved, suspended, changed := links[auth.Manager], links[auth.Contractor], links[auth.Subcontractor], links[auth.User]
	p.Exec(`update portal.users set email = 'moved@a.example' where email = $1`, harness.Email(a, auth.Contractor))
	p.Exec(`update portal.users set status = 'suspended' where email = $1`, harness.Email(a, auth.Subcontractor))
	own := p.Session(harness.Email(a, auth.User))
	p.changePassword(own.AccessToken, harness.Password, harness.Chosen).Want(t, http.StatusOK)
	first, second := links[auth.Admin], p.link(harness.Email(a, auth.Admin))
	p.redeemLink(first, newPassword).Want(t, http.StatusOK)

	var said string
	for name, token := range map[string]string{
		"used": first, "another of whom has used one": second, "late": late, "of another address": moved, "of a suspended person": suspended,
		"of an old password": changed, "unknown": strings.Repeat("A", 26), "empty": "", "cut": second[:25],
	} {
		if name == "late" { // at the last moment: upkeep deletes what is over
			p.Exec(`update platform.login_states set expires_at = now() where email = $1`, harness.Email(a, auth.Manager))
		}
		problem := p.redeemLink(token, "another password of mine").Problem(t, http.StatusNotFound)
		if said == "" {
			said = problem.Detail
		}
		if problem.Detail != said || problem.Type != "/problems/not-found" || strings.Contains(string(p.redeemLink(token, "short").Body), token) && token != "" {
			t.Errorf("%s: %s (%s)", name, problem.Detail, problem.Type)
		}
	}
	p.LoginWith(harness.Email(a, auth.User), harness.Chosen).Want(t, http.StatusOK)
	p.LoginWith("moved@a.example", harness.Password).Want(t, http.StatusOK)
	p.LoginWith(harness.Email(a, auth.Manager), harness.Password).Want(t, http.StatusOK)
	p.LoginWith(harness.Email(a, auth.Admin), newPassword).Want(t, http.StatusOK)
}

// Two who come with one link at the same time: one chooses the password.
func TestForgotten_OnceAtTheSameTime(t *testing.T) {
	t.Parallel()
	p := newPosted(t, public)
	token := p.link(harness.Email(harness.CompanyA, auth.User))
	have := p.statuses(6, func(ctx context.Context, i int) (harness.Answer, error) {
		return p.Try(ctx, "POST", forgottenPassword+"reset", "", map[string]string{"token": token, "password": fmt.Sprintf("password number %d", i)})
	})
	if diff := cmp.Diff(append([]int{http.StatusOK}, slices.Repeat([]int{http.StatusNotFound}, 5)...), have); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
}

// The answer and its time tell nothing of who has an account, and where he may come in.
func TestForgotten_TellsNothingOfWhoIsKnown(t *testing.T) {
	t.Parallel()
	const least = time.Second
	p := newPosted(t, public, func(s *harness.Settings) { s.Auth.RefusalTime = least })
	const a, b = harness.CompanyA, harness.CompanyB
	p.SeedPerson(a, "Sam Suspended", "sam@a.example", auth.User, "suspended")
	p.SeedPerson(a, "Pat Pending", "pat@a.example", auth.User, "pending")
	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, b)
	var said string
	for _, of := range [][2]string{
		{harness.Email(a, auth.User), ""},
		{harness.Email(a, auth.Manager), a},
		{harness.Email(a, auth.Manager), b},
		{harness.Email(a, auth.Manager), "NOWHERE12"},
		{"sam@a.example", ""},
		{"pat@a.example", a},
		{harness.Email(b, auth.User), ""},
		{harness.Email(b, auth.User), b},
		{"nobody@a.example", ""},
		{harness.Operator, ""},
	} {
		start := time.Now()
		answer := string(p.forget(of[0], of[1]).Want(t, http.StatusOK).Body)
		if took := time.Since(start); took < least {
			t.Errorf("%s: the answer took %s", of, took)
		}
		if said == "" {
			said = answer
		}
		if answer != said {
			t.Errorf("%s: %s, and not %s", of, answer, said)
		}
	}
	if have := to(p.Taken(2)); !slices.Equal(have, []string{harness.Email(a, auth.Manager), harness.Email(a, auth.User)}) {
		t.Errorf("mails went to %q", have)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.login_states where purpose = 'forgotten_password'`); n != 2 {
		t.Errorf("there are %d links", n)
	}
}

// Each company of a person sends a link of its own, which opens nothing of the other.
func TestForgotten_InSeveralCompanies(t *testing.T) {
	t.Parallel()
	p := newPosted(t, public)
	const a, b, rae = harness.CompanyA, harness.CompanyB, "rae@both.example"
	p.gmail(b, "birch@b.example", "password-of-birch")
	for _, company := range []string{a, b} {
		p.SeedPerson(company, "Rae Doyle", rae, auth.User, "active")
	}
	p.forget(rae, "").Want(t, http.StatusOK)
	tokens := map[string]string{}
	for _, m := range p.Taken(2) {
		tokens[m.From] = p.token(m)
	}
	p.redeemLink(tokens["birch@b.example"], newPassword).Want(t, http.StatusOK)
	for company, password := range map[string]string{a: harness.Password, b: newPassword} {
		for _, secret := range []string{harness.Password, newPassword} {
			want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[secret == password]
			p.Do("POST", "/api/login/", "", map[string]string{"username": rae, "password": secret, "customer_id": company}).Want(t, want)
		}
	}
	p.redeemLink(tokens[harness.PostUser], newPassword).Want(t, http.StatusOK)
	p.forget(rae, strings.ToLower(a)).Want(t, http.StatusOK)
	if m := p.Taken(1)[0]; m.From != harness.PostUser {
		t.Errorf("company A's mail came from %s", m.From)
	}
	p.Exec(`update platform.customers set sign_on_only = true where customer_id = $1`, b)
	p.forget(rae, b).Want(t, http.StatusOK)
	if m := p.Taken(1)[0]; strings.Contains(m.Text, "token") || !strings.Contains(m.Text, "Your company takes no passwords") || !strings.Contains(m.Text, publicURL+"/") {
		t.Errorf("who takes no passwords sends %s", m.Text)
	}
}

// Where the portal has no mail, everybody is told so, and whom to ask; where a company has, nothing tells which.
func TestForgotten_WithoutMail(t *testing.T) {
	t.Parallel()
	const a, b = harness.CompanyA, harness.CompanyB
	says := func(p *posted, email, by string) string {
		t.Helper()
		var out struct {
			Message string
			LinksBy string `json:"links_by"`
		}
		p.forget(email, "").Want(t, http.StatusOK).JSON(t, &out)
		if out.LinksBy != by || !strings.Contains(out.Message, "ask an Admin of your company") {
			t.Errorf("%s is told %+v", email, out)
		}
		return out.Message
	}
	p := newPosted(t, public, unposted)
	p.gmail(b, "birch@b.example", "password-of-birch")
	first := says(p, harness.Email(a, auth.User), "companies")
	for _, email := range []string{harness.Email(b, auth.User), "nobody@a.example"} {
		if have := says(p, email, "companies"); have != first {
			t.Errorf("%s is told %s, and another %s", email, have, first)
		}
	}
	p.redeemLink(p.token(p.Taken(1)[0]), newPassword).Want(t, http.StatusOK)
	p.LoginWith(harness.Email(b, auth.User), newPassword).Want(t, http.StatusOK)

	unknown := newPosted(t) // where the portal is
	for _, email := range []string{harness.Email(a, auth.User), "nobody@a.example"} {
		if have := says(unknown, email, "nobody"); !strings.HasPrefix(have, "Mail is not set up") {
			t.Errorf("%s is told %s", email, have)
		}
	}
	if n := harness.Query[int](unknown.Portal, `select count(*) from portal.outbox`); n != 0 {
		t.Errorf("%d mails wait", n)
	}
}

// Whoever asks again and again is refused, for one address and from one network; and three links are all that a mailbox gets
// in an hour.
func TestForgotten_IsLimited(t *testing.T) {
	t.Parallel()
	p := newPosted(t, public, func(s *harness.Settings) { s.Auth.SignUps = 10 })
	for range 10 {
		p.forget(harness.Email(harness.CompanyA, auth.User), "").Want(t, http.StatusOK)
	}
	for _, email := range []string{harness.Email(harness.CompanyA, auth.User), "nobody@a.example"} {
		if a := p.forget(email, ""); a.Header.Get("Retry-After") == "" {
			t.Errorf("%s may ask an eleventh time", email)
		} else {
			a.Problem(t, http.StatusTooManyRequests)
		}
	}
	p.Taken(3)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.outbox`); n != 3 {
		t.Errorf("%d mails were queued", n)
	}
}
