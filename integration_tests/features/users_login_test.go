package features

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// sessionWith opens a new session of a person with a password of his own.
func (p *portal) sessionWith(email, secret string) (s harness.Pair) {
	p.T.Helper()
	p.LoginWith(email, secret).Want(p.T, http.StatusOK).JSON(p.T, &s)
	return s
}

// What a person had open ends at the next call when he is suspended, and stays ended when he is let in
// again; the same with a password that somebody else sets. Nobody else's session ends by it.
func TestSessions_EndWithSuspensionAndNewPassword(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin, id := p.Token(harness.CompanyA, auth.Admin), p.person(harness.CompanyA, auth.User)
	namesake := p.Session("user@b.example")

	first := p.Session("user@a.example")
	p.Do("POST", userPath("admin/suspend-user", id), admin, nil).Want(t, http.StatusOK)
	p.wantOver(first)
	p.Login("user@a.example", "").Problem(t, http.StatusUnauthorized)
	p.Do("POST", userPath("admin/reactivate-user", id), admin, nil).Want(t, http.StatusOK)
	p.wantOver(first)

	second := p.Session("user@a.example")
	body := newPerson("User One", "user@a.example", auth.User)
	body["password"] = "another horse battery"
	p.Do("PUT", userPath("update-user", id), admin, body).Want(t, http.StatusOK)
	p.wantOver(second)
	p.Login("user@a.example", "").Problem(t, http.StatusUnauthorized)
	third := p.sessionWith("user@a.example", "another horse battery")

	reset := func(email string) harness.Answer {
		return p.Do("PUT", "/reset-password/", admin, url.Values{"email": {email}, "new_password": {"a third horse battery"}})
	}
	reset("User@a.example").Want(t, http.StatusOK)
	p.wantOver(third)
	third = p.sessionWith("user@a.example", "a third horse battery")
	reset("user@b.example").Problem(t, http.StatusNotFound)
	reset("nobody@a.example").Problem(t, http.StatusNotFound)
	p.Do("PUT", "/reset-password/", p.Token(harness.CompanyA, auth.Manager), url.Values{"email": {"user@a.example"}, "new_password": {"a third horse battery"}}).Problem(t, http.StatusForbidden)
	if entries := p.Entries("password.reset"); len(entries) != 1 || *entries[0].Actor != "Admin One" {
		t.Errorf("audit %+v", entries)
	}

	// A change without a password ends nothing; one of the role ends the access token, which names it.
	delete(body, "password")
	p.Do("PUT", userPath("update-user", id), admin, body).Want(t, http.StatusOK)
	p.Do("GET", "/verify-token", third.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("POST", userPath("admin/change-user-role", id), admin, url.Values{"role": {auth.Manager}}).Want(t, http.StatusOK)
	p.Do("GET", "/verify-token", third.AccessToken, nil).Problem(t, http.StatusUnauthorized)
	var renewed harness.Pair
	p.refresh(third.RefreshToken).Want(t, http.StatusOK).JSON(t, &renewed)
	p.Do("GET", "/verify-token", renewed.AccessToken, nil).Want(t, http.StatusOK)

	p.Do("GET", "/verify-token", namesake.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("GET", "/verify-token", admin, nil).Want(t, http.StatusOK)
}

// Who changes the own password stays where he did it; whatever else he had open is over. The same for
// an operator, and for an Admin who edits his own record.
func TestSessions_OwnNewPasswordKeepsTheOneThatSetIt(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, who := range []string{"manager@a.example", harness.Operator} {
		here, there := p.Session(who), p.Session(who)
		p.Do("POST", "/api/change-password/", here.AccessToken, map[string]string{"current_password": harness.Password, "new_password": "another horse battery"}).Want(t, http.StatusOK)
		p.wantOver(there)
		p.Do("GET", "/verify-token", here.AccessToken, nil).Want(t, http.StatusOK)
		p.sessionWith(who, "another horse battery")
	}
	here, there := p.Session("admin@a.example"), p.Session("admin@a.example")
	body := newPerson("Admin One", "admin@a.example", auth.Admin)
	body["password"] = "another horse battery"
	p.Do("PUT", userPath("update-user", p.person(harness.CompanyA, auth.Admin)), here.AccessToken, body).Want(t, http.StatusOK)
	p.wantOver(there)
	p.Do("GET", "/verify-token", here.AccessToken, nil).Want(t, http.StatusOK)
}

// A log-in that verified the old password is refused where a new one, or a suspension, came in between:
// it must not leave a session that nobody would end.
func TestLogin_VerifiedBeforeAChangeIsVoid(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"password":   `update platform.logins set password_set_at = clock_timestamp() where email = 'user@a.example'`,
		"suspension": `update portal.users set status = 'suspended' where email = 'user@a.example'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			p.Exec(`update platform.sessions set revoked_at = now()`)
			tx, err := p.Super.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(t.Context()) //nolint:errcheck // over by then
			if _, err := tx.Exec(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			committed := make(chan struct{})
			go func() {
				defer close(committed)
				p.waiting(1) // the password fits, and the log-in waits for the row
				if err := tx.Commit(t.Context()); err != nil {
					t.Error(err)
				}
			}()
			p.Login("user@a.example", "").Problem(t, http.StatusUnauthorized)
			<-committed
			if n := harness.Query[int](p.Portal, `select count(*) from platform.sessions where revoked_at is null`); n != 0 {
				t.Errorf("%d sessions are open", n)
			}
		})
	}
}

// An old hash is replaced at log-in, also by several at once, and ends nobody's session by it.
func TestLogin_BetterHashEndsNothing(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	old, err := bcrypt.GenerateFromPassword([]byte(harness.Password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	before := p.Session("user@a.example")
	p.Exec(`update platform.logins set password_hash = $1 where email = 'user@a.example'`, string(old))
	have := p.statuses(8, func(ctx context.Context, _ int) (harness.Answer, error) {
		return p.Try(ctx, "POST", "/api/login/", "", url.Values{"username": {"user@a.example"}, "password": {harness.Password}})
	})
	if have[7] != http.StatusOK {
		t.Errorf("statuses %v", have)
	}
	p.Do("GET", "/verify-token", before.AccessToken, nil).Want(t, http.StatusOK)
	if hash := harness.Query[string](p.Portal, `select password_hash from platform.logins where email = 'user@a.example'`); !strings.HasPrefix(hash, "$argon2id$") {
		t.Errorf("the hash is still %.4s", hash)
	}
}

// The same person works for several companies with one e-mail.
func TestLogin_OneEmailInSeveralCompanies(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const sam = "sam@example.com"
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.addPerson(company, "Sam Rivera", sam, auth.Subcontractor)
	}

	// The same password in both: the companies by name, then a token for the one named.
	problem := p.Login(sam, "").Problem(t, http.StatusConflict)
	if len(problem.Companies) != 2 || problem.Companies[0].CompanyName != "Alder Grounds" || problem.Companies[1].CompanyName != "Birch Grounds" {
		t.Errorf("companies %+v", problem.Companies)
	}
	for _, c := range problem.Companies {
		var account struct {
			CustomerID string `json:"customer_id"`
		}
		p.Do("GET", "/verify-token", p.signIn(sam, c.CustomerID), nil).Want(t, http.StatusOK).JSON(t, &account)
		if account.CustomerID != c.CustomerID {
			t.Errorf("named %s, got into %s", c.CustomerID, account.CustomerID)
		}
	}

	// Different passwords: straight in, to the one that fits.
	id := harness.Query[int64](p.Portal, `select id from portal.users where email = $1 and customer_id = $2`, sam, harness.CompanyB)
	body := newPerson("Sam Rivera", sam, auth.Subcontractor)
	body["password"] = "another horse battery"
	p.Do("PUT", userPath("update-user", id), p.Token(harness.CompanyB, auth.Admin), body).Want(t, http.StatusOK)
	for secret, company := range map[string]string{harness.Password: harness.CompanyA, "another horse battery": harness.CompanyB} {
		var account struct {
			CustomerID string `json:"customer_id"`
		}
		p.Do("GET", "/verify-token", p.sessionWith(sam, secret).AccessToken, nil).Want(t, http.StatusOK).JSON(t, &account)
		if account.CustomerID != company {
			t.Errorf("got into %s, want %s", account.CustomerID, company)
		}
	}
	// Suspended in one, the other is not named any more.
	p.Do("POST", userPath("admin/suspend-user", id), p.Token(harness.CompanyB, auth.Admin), nil).Want(t, http.StatusOK)
	p.LoginWith(sam, "another horse battery").Problem(t, http.StatusUnauthorized)
}

// Six companies of strangers enter somebody's e-mail with passwords of their own. He comes in as before:
// confirmed log-ins are tried first, then the oldest. They get into their own companies, and what they
// are told is the same as for an e-mail that nobody has.
func TestLogin_StrangersCannotCrowdAnybodyOut(t *testing.T) {
	t.Parallel()
	p := newPortal(t, patient)
	const sam, kim, lee, nobody = "sam@example.com", "kim@example.com", "lee@example.com", "nobody@example.com"
	p.addPerson(harness.CompanyA, "Sam Rivera", sam, auth.Subcontractor)

	for i := range 6 {
		company, boss := fmt.Sprintf("STRANGER%d", i), fmt.Sprintf("boss%d@example.net", i)
		p.Exec(`insert into platform.customers (customer_id, company_name) values ($1, 'Strangers')`, company)
		p.Exec(`insert into portal.users (customer_id, name, email, role, status) values ($1, 'Boss', $2, 'Admin', 'active')`, company, boss)
		p.Exec(`update platform.logins set password_hash = (select password_hash from platform.logins where email = 'admin@a.example') where email = $1`, boss)
		admin := p.signIn(boss, "")
		var told []string
		for _, email := range []string{sam, kim, nobody} {
			body := newPerson("Planted", email, auth.User)
			body["password"] = "stranger's password " + company
			told = append(told, regexp.MustCompile(`[0-9]+`).ReplaceAllString(string(p.Do("POST", "/add-user/", admin, body).Want(t, http.StatusOK).Body), "N"))
		}
		if told[0] != told[2] || told[1] != told[2] {
			t.Errorf("the strangers are told %q", told)
		}
		// A member who confirmed an address of his own gets another one.
		lure := fmt.Sprintf("lure%d@example.net", i)
		body := newPerson("Lure", lure, auth.User)
		body["password"] = "stranger's password " + company
		p.Do("POST", "/add-user/", admin, body).Want(t, http.StatusOK)
		p.Exec(`update platform.logins set confirmed_at = now() where email = $1`, lure)
		p.Exec(`update portal.users set email = $1 where email = $2`, lee, lure)
	}
	p.addPerson(harness.CompanyB, "Kim Crew", kim, auth.User)
	p.addPerson(harness.CompanyB, "Lee Crew", lee, auth.User)
	p.Exec(`update platform.logins set confirmed_at = now() where email in ($1, $2) and customer_id = $3`, kim, lee, harness.CompanyB)

	into := func(form url.Values) string {
		var s harness.Pair
		a := p.Do("POST", "/api/login/", "", form)
		if a.Status != http.StatusOK {
			return strconv.Itoa(a.Status)
		}
		a.JSON(t, &s)
		var account struct {
			CustomerID string `json:"customer_id"`
		}
		p.Do("GET", "/verify-token", s.AccessToken, nil).Want(t, http.StatusOK).JSON(t, &account)
		return account.CustomerID
	}
	strangers := "stranger's password STRANGER0"
	for _, c := range []struct{ email, password, customer, want string }{
		{sam, harness.Password, "", harness.CompanyA}, // the oldest
		{kim, harness.Password, "", harness.CompanyB}, // the newest, but confirmed
		{lee, harness.Password, "", harness.CompanyB}, // whose address alone is confirmed
		{sam, strangers, "", "STRANGER0"},
		{sam, strangers, harness.CompanyA, "401"},
		{sam, "stranger's password STRANGER5", "STRANGER5", "STRANGER5"},
		{kim, strangers, harness.CompanyB, "401"},
		{kim, "wrong password", "", "401"},
		{nobody, harness.Password, "", "401"},
	} {
		if have := into(url.Values{"username": {c.email}, "password": {c.password}, "customer_id": {c.customer}}); have != c.want {
			t.Errorf("%s with %q naming %q: %s, want %s", c.email, c.password, c.customer, have, c.want)
		}
	}
}
