package features

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

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func TestLogin_ListsOwnPropertiesOnly(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		var list []struct {
			ID         int64
			CustomerID string `json:"customer_id"`
		}
		a := p.Do("GET", "/properties/", p.Token(company, auth.Admin), nil).Want(t, http.StatusOK)
		a.JSON(t, &list)
		if len(list) != 3 || a.Header.Get("X-Total-Count") != "3" {
			t.Fatalf("%s sees %d properties, total %q: %s", company, len(list), a.Header.Get("X-Total-Count"), a.Body)
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
		"--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + harness.Password + "\r\n--B--\r\n"
	for name, body := range map[string]any{
		"urlencoded":        url.Values{"username": {"admin@a.example"}, "password": {harness.Password}},
		"with a grant type": url.Values{"username": {"admin@a.example"}, "password": {harness.Password}, "grant_type": {"password"}, "scope": {""}},
		"multipart":         harness.RawBody{Kind: "multipart/form-data; boundary=B", Text: multipart},
		"JSON":              map[string]string{"username": "admin@a.example", "password": harness.Password},
		"capitals, spaces":  url.Values{"username": {" Admin@A.Example "}, "password": {harness.Password}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/api/login/", "/api/login"} {
				a, err := p.Try(t.Context(), "POST", path, "", body)
				if err != nil {
					t.Fatal(err)
				}
				var s harness.Pair
				a.Want(t, http.StatusOK).JSON(t, &s)
				if s.TokenType != "bearer" || s.ExpiresIn != 12*60*60 || s.RefreshToken == "" {
					t.Errorf("answer %s", a.Body)
				}
				if who := harness.ClaimsOf(t, s.AccessToken)["email"]; who != "admin@a.example" {
					t.Errorf("logged in as %v", who)
				}
			}
		})
	}
}

func TestLogin_TokenSaysWhoAndVerifies(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Session("contractor@a.example").AccessToken

	claims := harness.ClaimsOf(t, token)
	id := harness.Query[int64](p.Portal, `select id from portal.users where email = 'contractor@a.example'`)
	want := map[string]any{
		"sub": strconv.FormatInt(id, 10), "role": "Contractor", "customer_id": harness.CompanyA, "email": "contractor@a.example",
		"name": "Contractor One", "iss": "contractor-portal", "aud": "contractor-portal-api",
		"sid": harness.Query[string](p.Portal, `select id::text from platform.sessions where user_id = $1 order by created_at desc limit 1`, id),
	}
	if diff := cmp.Diff(want, harness.Changed(claims, map[string]any{"jti": nil, "iat": nil, "exp": nil})); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
	issued, expires := claims["iat"].(float64), claims["exp"].(float64)
	if age := time.Since(time.Unix(int64(issued), 0)); age < 0 || age > time.Minute || expires-issued != 12*60*60 {
		t.Errorf("issued %s ago for %v s", age, expires-issued)
	}
	if other := harness.ClaimsOf(t, p.Session("contractor@a.example").AccessToken); claims["jti"] == "" || other["jti"] == claims["jti"] || other["sid"] == claims["sid"] {
		t.Errorf("two log-ins have jti %v and %v, sid %v and %v", claims["jti"], other["jti"], claims["sid"], other["sid"])
	}

	set, err := jwk.Parse(p.Do("GET", "/.well-known/jwks.json", "", nil).Want(t, http.StatusOK).Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jwt.Parse([]byte(token), jwt.WithKeySet(set)); err != nil {
		t.Errorf("the published keys do not verify the token: %v", err)
	}
	if strings.Contains(string(p.Do("GET", "/.well-known/jwks.json", "", nil).Body), `"d"`) {
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
			if _, err := p.Super.Exec(t.Context(), `insert into portal.users (customer_id, name, email, role, status) values ($1, $2, $3, 'User', 'active')`, harness.CompanyA, name, who); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Super.Exec(t.Context(), `update platform.logins set password_hash = (select password_hash from platform.logins where email = 'admin@a.example') where email = $1`, who); err != nil {
				t.Fatal(err)
			}
			a, err := p.Try(t.Context(), "POST", "/api/login/", "", url.Values{"username": {who}, "password": {harness.Password}})
			if err != nil {
				t.Fatal(err)
			}
			var s harness.Pair
			a.Want(t, http.StatusOK).JSON(t, &s)

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
			if have := harness.ClaimsOf(t, s.AccessToken)["name"]; have != name {
				t.Errorf("name %q, want %q", have, name)
			}
		})
	}
}

// A refusal tells nothing: not whether the person exists, nor why he may not come in.
func TestLogin_RefusalsAreAlike(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.SeedPerson(harness.CompanyA, "Suspended", "suspended@a.example", auth.User, "suspended")
	p.SeedPerson(harness.CompanyA, "Pending", "pending@a.example", auth.User, "pending")
	p.Exec(`insert into portal.users (customer_id, name, email, role, status) values ($1, 'No Password', 'none@a.example', 'User', 'active')`, harness.CompanyA)
	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyB)
	p.Exec(`insert into platform.customers (customer_id, company_name, status, trial_ends_at) values ('CCCC44444', 'Cedar', 'trial', now() - interval '1 day'), ('DDDD55555', 'Dogwood', 'cancelled', null)`)
	p.SeedPerson("CCCC44444", "Trial", "trial@c.example", auth.Admin, "active")
	p.SeedPerson("DDDD55555", "Cancelled", "cancelled@d.example", auth.Admin, "active")
	p.Exec(`insert into platform.operators (email, name, status, password_hash) select 'suspended@platform.example', 'Sus', 'suspended', password_hash from platform.operators`)

	want := p.Do("POST", "/api/login/", "", url.Values{"username": {"admin@a.example"}, "password": {"wrong password"}})
	want.Problem(t, http.StatusUnauthorized)
	for name, form := range map[string]url.Values{
		"unknown e-mail":       {"username": {"nobody@a.example"}, "password": {harness.Password}},
		"empty e-mail":         {"username": {" "}, "password": {harness.Password}},
		"empty password":       {"username": {"admin@a.example"}, "password": {""}},
		"suspended person":     {"username": {"suspended@a.example"}, "password": {harness.Password}},
		"pending person":       {"username": {"pending@a.example"}, "password": {harness.Password}},
		"person without one":   {"username": {"none@a.example"}, "password": {""}},
		"suspended company":    {"username": {"admin@b.example"}, "password": {harness.Password}},
		"company after trial":  {"username": {"trial@c.example"}, "password": {harness.Password}},
		"cancelled company":    {"username": {"cancelled@d.example"}, "password": {harness.Password}},
		"suspended operator":   {"username": {"suspended@platform.example"}, "password": {harness.Password}},
		"another company":      {"username": {"admin@a.example"}, "password": {harness.Password}, "customer_id": {harness.CompanyB}},
		"no company":           {"username": {"admin@a.example"}, "password": {harness.Password}, "customer_id": {"NONE00000"}},
		"operator's, a member": {"username": {"admin@a.example"}, "password": {harness.Password}, "customer_id": {"PLATFORM"}},
		"cut password":         {"username": {"admin@a.example"}, "password": {harness.Password[:len(harness.Password)-1]}},
		"longest password":     {"username": {"admin@a.example"}, "password": {strings.Repeat("x", 60_000)}},
		"SQL":                  {"username": {"' or '1'='1"}, "password": {"' or '1'='1"}},
	} {
		have := p.Do("POST", "/api/login/", "", form)
		if diff := cmp.Diff(harness.Plain(want, "none"), harness.Plain(have, "none")); diff != "" {
			t.Errorf("%s: -wrong password +have:\n%s", name, diff)
		}
	}
}

func TestLogin_RefusedTakesItsFixedTime(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.RefusalTime = 1500 * time.Millisecond })
	for _, who := range []string{"nobody@a.example", "admin@a.example"} {
		start := time.Now()
		p.Do("POST", "/api/login/", "", url.Values{"username": {who}, "password": {"wrong password"}}).Problem(t, http.StatusUnauthorized)
		if took := time.Since(start); took < 1500*time.Millisecond {
			t.Errorf("%s was refused after %s", who, took)
		}
	}
}

func TestLogin_StampsTheLogin(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Login(harness.Email(harness.CompanyA, auth.User), "").Want(t, http.StatusOK)
	if !harness.Query[bool](p.Portal, `select last_login_at > now() - interval '1 minute' from portal.users where email = 'user@a.example'`) {
		t.Error("last_login_at is not stamped")
	}
	p.Login(harness.Operator, "").Want(t, http.StatusOK)
	if !harness.Query[bool](p.Portal, `select last_login_at > now() - interval '1 minute' from platform.operators`) {
		t.Error("last_login_at of the operator is not stamped")
	}
}
