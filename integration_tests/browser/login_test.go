package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	b := newTab(t, p, desk)
	b.logIn(harness.Email(harness.CompanyA, auth.Admin))
	b.see("Hello Admin One.", "Alder Grounds")
	b.picture("home-admin")
	if cookies := b.eval(`document.cookie`); cookies != "__Host-customer="+harness.CompanyA {
		t.Errorf("scripts read the cookies %q", cookies)
	}
	b.click("Log out")
	b.see("Forgotten your password?")
	b.visit("/people")
	b.see("Forgotten your password?")
}

// A session whose access token is over is renewed while people work, in two tabs at once too; one that was ended asks for the
// log-in, and leads back to the page that was wanted.
func TestLogin_Renewal(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t, func(s *harness.Settings) { s.Auth.AccessLifetime = time.Second })
	b := newTab(t, p, desk)
	b.expect("401")
	b.logIn(harness.Email(harness.CompanyA, auth.Admin))
	other := b.sibling()
	other.expect("401")
	for range 3 {
		time.Sleep(1100 * time.Millisecond)
		b.do(chromedp.Evaluate[chromedp.Void](`location.hash = "#/people"`))
		other.visit("/people")
		other.visit("/keys")
		b.visit("/")
	}
	b.see("Hello Admin One.")
	if n := harness.Query[int](p, `select count(*)::int from platform.sessions where revoked_at is not null`); n != 0 {
		t.Errorf("%d sessions have ended", n)
	}
	p.Exec(`update platform.sessions set revoked_at = now()`)
	time.Sleep(1100 * time.Millisecond)
	b.do(chromedp.Evaluate[chromedp.Void](`location.hash = "#/people"`))
	b.see("Forgotten your password?")
	b.fill("E-mail", harness.Email(harness.CompanyA, auth.Admin))
	b.fill("Password", harness.Password)
	b.click("Log in")
	b.see("Alder Grounds")
	if at := b.path(); at != "/people" {
		t.Errorf("the log-in led to %s", at)
	}
}

// Who belongs to several companies chooses one, and a wrong password is said beside nothing and loses nothing.
func TestLogin_Choice(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t, harness.Demo(t))
	b := newTab(t, p, phone)
	b.expect("/api/login/: 401", "/api/login/: 409", "/api/login/")
	b.fill("E-mail", "sam.rivera@example.com")
	b.fill("Password", "wrong horse battery")
	b.click("Log in")
	b.see("e-mail or password is not right")
	b.fill("Password", harness.Password)
	b.click("Log in")
	b.see("You belong to several companies.")
	b.picture("several-companies")
	companies := harness.Query[[]string](p, `select array_agg(company_name order by customer_id) from platform.customers where customer_id in ('LEGACY001', 'TEST0001')`)
	b.click(companies[1])
	b.see("Hello Sam Rivera.", companies[1])
	if text := b.text(); strings.Contains(text, companies[0]) {
		t.Errorf("the other company is shown: %s", text)
	}
}

// Browsers keep the cookies under https, or on the machine itself. Elsewhere the log-in says so, and nobody seems to be logged in.
func TestLogin_PlainHTTP(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	b := newTab(t, p, desk)
	b.do(chromedp.Navigate(strings.Replace(p.URL, "127.0.0.1", "portal.example", 1) + "/"))
	b.until("the form", `document.querySelector("input[type=password]")`)
	b.fill("E-mail", harness.Email(harness.CompanyA, auth.Admin))
	b.fill("Password", harness.Password)
	b.click("Log in")
	b.see("Open the portal by its https address.")
	b.picture("plain-http")
	if b.eval(`document.querySelector(".account") === null`) != "true" {
		t.Error("somebody seems to be logged in")
	}
	b.forget() // the browser says that it keeps none
}

// Tabs share a session. Where another company's Admin logged in meanwhile, a tab that shows the first company writes nothing into
// the second one: it shows whose it is now.
func TestLogin_AsAnotherInAnotherTab(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	b := newTab(t, p, desk)
	b.logIn(harness.Email(harness.CompanyA, auth.Admin))
	b.visit("/products")
	products := func() int { return harness.Query[int](p, `select count(*)::int from portal.winter_products`) }
	add := func(name string) {
		b.click("New winter product")
		b.fill("Name", name)
		b.fill("Unit", "bags")
	}
	add("Salt of Alder")
	b.click("Save")
	b.see("Salt of Alder")
	before := products()

	add("More salt of Alder")
	other := b.sibling()
	other.click("Log out")
	other.logIn(harness.Email(harness.CompanyB, auth.Admin))
	b.do(chromedp.Click(`//dialog//button[@type="submit"]`))
	b.see("Birch Grounds")
	b.settled()
	if text := b.text(); strings.Contains(text, "Alder") || products() != before {
		t.Errorf("%d products, there were %d:\n%s", products(), before, text)
	}
	add("Salt of Birch")
	b.click("Save")
	b.see("Salt of Birch")
}
