package integration_tests

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"contractor-portal/server/auth"
)

func TestLogin_ListsOwnPropertiesOnly(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{companyA, companyB} {
		var list []struct {
			ID         int64
			CustomerID string `json:"customer_id"`
		}
		a := p.do("GET", "/properties/", p.token(company, auth.Admin), nil).want(t, http.StatusOK)
		a.json(t, &list)
		if len(list) != 3 || a.header.Get("X-Total-Count") != "3" {
			t.Fatalf("%s sees %d properties, total %q: %s", company, len(list), a.header.Get("X-Total-Count"), a.body)
		}
		for _, row := range list {
			if row.CustomerID != company {
				t.Errorf("%s sees property %d of %s", company, row.ID, row.CustomerID)
			}
		}
	}
}

func TestLogin_TakesWhatThePagesSend(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	multipart := "--B\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nadmin@a.example\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + password + "\r\n--B--\r\n"
	for name, body := range map[string]any{
		"urlencoded":        url.Values{"username": {"admin@a.example"}, "password": {password}},
		"with a grant type": url.Values{"username": {"admin@a.example"}, "password": {password}, "grant_type": {"password"}, "scope": {""}},
		"multipart":         rawBody{"multipart/form-data; boundary=B", multipart},
		"JSON":              map[string]string{"username": "admin@a.example", "password": password},
		"capitals, spaces":  url.Values{"username": {" Admin@A.Example "}, "password": {password}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/api/login/", "/api/login"} {
				a, err := p.try(t.Context(), "POST", path, "", body)
				if err != nil {
					t.Fatal(err)
				}
				var s pair
				a.want(t, http.StatusOK).json(t, &s)
				if s.TokenType != "bearer" || s.ExpiresIn != 12*60*60 || s.RefreshToken == "" {
					t.Errorf("answer %s", a.body)
				}
				if who := claimsOf(t, s.AccessToken)["email"]; who != "admin@a.example" {
					t.Errorf("logged in as %v", who)
				}
			}
		})
	}
}

func TestLogin_TokenSaysWhoAndVerifies(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token(companyA, auth.Contractor)

	claims := claimsOf(t, token)
	id := query[int64](p, `select id from portal.users where email = 'contractor@a.example'`)
	want := map[string]any{
		"sub": strconv.FormatInt(id, 10), "role": "Contractor", "customer_id": companyA, "email": "contractor@a.example",
		"name": "Contractor One", "iss": "contractor-portal", "aud": "contractor-portal-api",
		"sid": query[string](p, `select id::text from platform.sessions where user_id = $1`, id),
	}
	if diff := cmp.Diff(want, changed(claims, map[string]any{"jti": nil, "iat": nil, "exp": nil})); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
	issued, expires := claims["iat"].(float64), claims["exp"].(float64)
	if age := time.Since(time.Unix(int64(issued), 0)); age < 0 || age > time.Minute || expires-issued != 12*60*60 {
		t.Errorf("issued %s ago for %v s", age, expires-issued)
	}
	if other := claimsOf(t, p.session("contractor@a.example").AccessToken); claims["jti"] == "" || other["jti"] == claims["jti"] || other["sid"] == claims["sid"] {
		t.Errorf("two log-ins have jti %v and %v, sid %v and %v", claims["jti"], other["jti"], claims["sid"], other["sid"])
	}

	set, err := jwk.Parse(p.do("GET", "/.well-known/jwks.json", "", nil).want(t, http.StatusOK).body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jwt.Parse([]byte(token), jwt.WithKeySet(set)); err != nil {
		t.Errorf("the published keys do not verify the token: %v", err)
	}
	if strings.Contains(string(p.do("GET", "/.well-known/jwks.json", "", nil).body), `"d"`) {
		t.Error("a private key is published")
	}
}

// Pages read the payload with atob, which knows neither - nor _ and takes each byte for a character.
func TestLogin_PayloadReachesThePageUnharmed(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for i, name := range []string{
		"José Ñandú", "Зимняя Ольга", "雪かき太郎", "Snow ❄️ Plow 🚜", "~~~???>>>", `a>b?c~d "quoted" \ <b>&amp;`, strings.Repeat("ÿ?", 40), "\u007f\u2028",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who := fmt.Sprintf("person%d@a.example", i)
			if _, err := p.super.Exec(t.Context(), `insert into portal.users (customer_id, name, email, role, status) values ($1, $2, $3, 'User', 'active')`, companyA, name, who); err != nil {
				t.Fatal(err)
			}
			if _, err := p.super.Exec(t.Context(), `update platform.logins set password_hash = (select password_hash from platform.logins where email = 'admin@a.example') where email = $1`, who); err != nil {
				t.Fatal(err)
			}
			a, err := p.try(t.Context(), "POST", "/api/login/", "", url.Values{"username": {who}, "password": {password}})
			if err != nil {
				t.Fatal(err)
			}
			var s pair
			a.want(t, http.StatusOK).json(t, &s)

			payload := strings.Split(s.AccessToken, ".")[1]
			if strings.ContainsAny(payload, "-_") {
				t.Errorf("atob refuses %s", payload)
			}
			text, err := base64.RawStdEncoding.DecodeString(payload)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range text {
				if b < 0x20 || b > 0x7e {
					t.Fatalf("the byte %#x is not of ASCII: %s", b, text)
				}
			}
			if have := claimsOf(t, s.AccessToken)["name"]; have != name {
				t.Errorf("name %q, want %q", have, name)
			}
		})
	}
}

// A refusal tells nothing: not whether the person exists, nor why he may not come in.
func TestLogin_RefusalsAreAlike(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.seedPerson(companyA, "Suspended", "suspended@a.example", auth.User, "suspended")
	p.seedPerson(companyA, "Pending", "pending@a.example", auth.User, "pending")
	p.exec(`insert into portal.users (customer_id, name, email, role, status) values ($1, 'No Password', 'none@a.example', 'User', 'active')`, companyA)
	p.exec(`update platform.customers set status = 'suspended' where customer_id = $1`, companyB)
	p.exec(`insert into platform.customers (customer_id, company_name, status, trial_ends_at) values ('CCCC44444', 'Cedar', 'trial', now() - interval '1 day'), ('DDDD55555', 'Dogwood', 'cancelled', null)`)
	p.seedPerson("CCCC44444", "Trial", "trial@c.example", auth.Admin, "active")
	p.seedPerson("DDDD55555", "Cancelled", "cancelled@d.example", auth.Admin, "active")
	p.exec(`insert into platform.operators (email, name, status, password_hash) select 'suspended@platform.example', 'Sus', 'suspended', password_hash from platform.operators`)

	want := p.do("POST", "/api/login/", "", url.Values{"username": {"admin@a.example"}, "password": {"wrong password"}})
	want.problem(t, http.StatusUnauthorized)
	for name, form := range map[string]url.Values{
		"unknown e-mail":       {"username": {"nobody@a.example"}, "password": {password}},
		"empty e-mail":         {"username": {" "}, "password": {password}},
		"empty password":       {"username": {"admin@a.example"}, "password": {""}},
		"suspended person":     {"username": {"suspended@a.example"}, "password": {password}},
		"pending person":       {"username": {"pending@a.example"}, "password": {password}},
		"person without one":   {"username": {"none@a.example"}, "password": {""}},
		"suspended company":    {"username": {"admin@b.example"}, "password": {password}},
		"company after trial":  {"username": {"trial@c.example"}, "password": {password}},
		"cancelled company":    {"username": {"cancelled@d.example"}, "password": {password}},
		"suspended operator":   {"username": {"suspended@platform.example"}, "password": {password}},
		"another company":      {"username": {"admin@a.example"}, "password": {password}, "customer_id": {companyB}},
		"no company":           {"username": {"admin@a.example"}, "password": {password}, "customer_id": {"NONE00000"}},
		"operator's, a member": {"username": {"admin@a.example"}, "password": {password}, "customer_id": {"PLATFORM"}},
		"cut password":         {"username": {"admin@a.example"}, "password": {password[:len(password)-1]}},
		"longest password":     {"username": {"admin@a.example"}, "password": {strings.Repeat("x", 60_000)}},
		"SQL":                  {"username": {"' or '1'='1"}, "password": {"' or '1'='1"}},
	} {
		have := p.do("POST", "/api/login/", "", form)
		if diff := cmp.Diff(plain(want, "none"), plain(have, "none")); diff != "" {
			t.Errorf("%s: -wrong password +have:\n%s", name, diff)
		}
	}
}

func TestLogin_UnknownEmailCostsAVerification(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.seedPerson(companyB, "Admin in B too", "admin@a.example", auth.User, "active")
	for who, want := range map[string]int64{
		"nobody@a.example":  1,
		"manager@a.example": 1,
		"admin@a.example":   2, // one per company
		operator:            1,
	} {
		before := p.auth.Verifications.Load()
		p.do("POST", "/api/login/", "", url.Values{"username": {who}, "password": {"wrong password"}}).problem(t, http.StatusUnauthorized)
		if have := p.auth.Verifications.Load() - before; have != want {
			t.Errorf("%s cost %d verifications, want %d", who, have, want)
		}
	}
}

func TestLogin_RefusedTakesItsFixedTime(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.auth.RefusalTime = 1500 * time.Millisecond })
	for _, who := range []string{"nobody@a.example", "admin@a.example"} {
		start := time.Now()
		p.do("POST", "/api/login/", "", url.Values{"username": {who}, "password": {"wrong password"}}).problem(t, http.StatusUnauthorized)
		if took := time.Since(start); took < 1500*time.Millisecond {
			t.Errorf("%s was refused after %s", who, took)
		}
	}
}

func TestLogin_StampsTheLogin(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.login(email(companyA, auth.User), "").want(t, http.StatusOK)
	if !query[bool](p, `select last_login_at > now() - interval '1 minute' from portal.users where email = 'user@a.example'`) {
		t.Error("last_login_at is not stamped")
	}
	p.login(operator, "").want(t, http.StatusOK)
	if !query[bool](p, `select last_login_at > now() - interval '1 minute' from platform.operators`) {
		t.Error("last_login_at of the operator is not stamped")
	}
}
