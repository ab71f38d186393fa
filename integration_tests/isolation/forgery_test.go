package isolation

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// An attacker has a genuine token of his own and the published keys, and makes tokens of them.
func TestForgery_WithoutTheKey(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	genuine := p.Token(harness.CompanyA, auth.User)
	claims := harness.ClaimsOf(t, genuine)
	wanted := harness.Changed(claims, map[string]any{"role": auth.Admin, "customer_id": harness.CompanyB})
	parts := strings.Split(genuine, ".")

	_, own, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ownJWK, err := jwk.FromRaw(own)
	if err != nil {
		t.Fatal(err)
	}
	ownPublic, err := ownJWK.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	ownRSA, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []jwk.Key{ownPublic}})
	}))
	t.Cleanup(keys.Close)

	published := p.Do("GET", "/.well-known/jwks.json", "", nil).Want(t, http.StatusOK).Body
	private, keyID := harness.SigningKey(t)
	public, _ := private.Public().(ed25519.PublicKey)

	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	unsigned := func(alg string, claims map[string]any) string {
		return encode(map[string]any{"alg": alg, "typ": "at+jwt", "kid": keyID}) + "." + encode(claims) + "."
	}
	none := func(alg string) string { return unsigned(alg, wanted) }
	for name, token := range map[string]string{
		"alg none":                   none("none"),
		"alg None":                   none("None"),
		"alg none, as he is":         unsigned("none", claims), // whom PostgreSQL would let in
		"HS256, as he is":            harness.Sign(t, jwa.HS256, []byte(public), claims, nil),
		"own key, as he is":          harness.Sign(t, jwa.EdDSA, own, claims, nil),
		"alg none, a signature":      none("none") + parts[2],
		"no alg":                     encode(map[string]any{"typ": "at+jwt"}) + "." + encode(wanted) + "." + parts[2],
		"HS256 with the public key":  harness.Sign(t, jwa.HS256, []byte(public), wanted, nil),
		"HS256 with the key set":     harness.Sign(t, jwa.HS256, published, wanted, nil),
		"HS256 with an empty key":    none("HS256"),
		"own key under our kid":      harness.Sign(t, jwa.EdDSA, own, wanted, nil),
		"own key, unknown kid":       harness.Sign(t, jwa.EdDSA, own, wanted, map[string]any{"kid": "mine"}),
		"own key, no kid":            harness.Sign(t, jwa.EdDSA, own, wanted, map[string]any{"kid": nil}),
		"own key in the header":      harness.Sign(t, jwa.EdDSA, own, wanted, map[string]any{"kid": nil, "jwk": ownPublic}),
		"own key and our kid":        harness.Sign(t, jwa.EdDSA, own, wanted, map[string]any{"jwk": ownPublic}),
		"own key at an address":      harness.Sign(t, jwa.EdDSA, own, wanted, map[string]any{"kid": nil, "jku": keys.URL}),
		"own certificate":            harness.Sign(t, jwa.EdDSA, own, wanted, map[string]any{"x5u": keys.URL}),
		"kid is a path":              harness.Sign(t, jwa.EdDSA, own, wanted, map[string]any{"kid": "../../../../dev/null"}),
		"kid is SQL":                 harness.Sign(t, jwa.EdDSA, own, wanted, map[string]any{"kid": "' union select 'x"}),
		"RS256":                      harness.Sign(t, jwa.RS256, ownRSA, wanted, nil),
		"genuine signature, changed": parts[0] + "." + encode(wanted) + "." + parts[2],
		"signature cut":              genuine[:len(genuine)-2],
		"no signature":               parts[0] + "." + parts[1] + ".",
		"two parts":                  parts[0] + "." + parts[1],
		"four parts":                 genuine + "." + parts[2],
		"payload cut":                parts[0] + "." + parts[1][:20] + "." + parts[2],
		"JSON form":                  fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], parts[1], parts[2]),
		"encrypted form":             genuine + "." + parts[1] + "." + parts[2],
		"huge":                       parts[0] + "." + strings.Repeat("A", 100_000) + "." + parts[2],
		"huge signature":             genuine + strings.Repeat("A", 5000),
		"not a token":                "Bearer",
		"empty":                      "",
	} {
		req, err := p.NewRequest(t.Context(), "GET", "/properties/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		a, err := harness.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		if problem := a.Problem(t, http.StatusUnauthorized); problem.Type != "/problems/unauthenticated" {
			t.Errorf("%s: type %s", name, problem.Type)
		}
	}
	if asked.Load() != 0 {
		t.Error("the server fetched a key from where a token said")
	}
}

// What the server's own key has signed must still be an access token of ours, in time and in form.
func TestForgery_GenuineSignatureOfSomethingElse(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	claims := harness.ClaimsOf(t, p.Token(harness.CompanyA, auth.Manager))
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	use := func(claims, header map[string]any) harness.Answer {
		return p.Do("GET", "/properties/", harness.SignGenuine(t, claims, header), nil)
	}
	use(claims, nil).Want(t, http.StatusOK)

	for name, change := range map[string]map[string]any{
		"expired":                {"exp": in(-time.Second)},
		"no expiry":              {"exp": nil},
		"expiry is a text":       {"exp": "tomorrow"},
		"issued in the future":   {"iat": in(time.Hour)},
		"no issue":               {"iat": nil},
		"not valid yet":          {"nbf": in(time.Hour)},
		"another issuer":         {"iss": "contractor-portal-2"},
		"no issuer":              {"iss": nil},
		"issuer is a list":       {"iss": []string{"contractor-portal"}},
		"another audience":       {"aud": "contractor-portal"},
		"no audience":            {"aud": nil},
		"empty audience":         {"aud": []string{}},
		"no subject":             {"sub": nil},
		"subject 0":              {"sub": "0"},
		"subject -1":             {"sub": "-1"},
		"subject is a text":      {"sub": "me"},
		"subject is a number":    {"sub": 7},
		"subject with a space":   {"sub": claims["sub"].(string) + " "},
		"subject too large":      {"sub": "99999999999999999999"},
		"no role":                {"role": nil},
		"unknown role":           {"role": "Owner"},
		"role in small letters":  {"role": "manager"},
		"role is a list":         {"role": []string{"Manager"}},
		"no customer":            {"customer_id": nil},
		"empty customer":         {"customer_id": ""},
		"customer is a list":     {"customer_id": []string{harness.CompanyA}},
		"customer is a number":   {"customer_id": 1},
		"customer is null":       {"customer_id": json.RawMessage("null")},
		"customer small letters": {"customer_id": strings.ToLower(harness.CompanyA)},
		"customer of lookalikes": {"customer_id": "АААА22222"}, // Cyrillic
		"customer with a space":  {"customer_id": harness.CompanyA + " "},
		"customer with a zero":   {"customer_id": harness.CompanyA + "\x00"},
		"long customer":          {"customer_id": strings.Repeat("A", 2000)},
		"no session":             {"sid": nil},
		"session is a text":      {"sid": "mine"},
		"another session":        {"sid": "00000000-0000-4000-8000-000000000000"},
		"acting is a text":       {"acting_as": "true", "role": auth.SuperAdmin},
	} {
		if a := use(harness.Changed(claims, change), nil); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}
	for name, header := range map[string]map[string]any{
		"no type":        {"typ": nil},
		"another type":   {"typ": "JWT"},
		"unknown kid":    {"kid": "none"},
		"no kid":         {"kid": nil},
		"critical field": {"crit": []string{"exp"}},
	} {
		if a := use(claims, header); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}
}

// Even a signature of our own enters nobody where he is not: PostgreSQL compares person, role, customer
// and session with what it knows.
func TestForgery_PersonsWhoAreNot(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	member, other := harness.ClaimsOf(t, p.Token(harness.CompanyA, auth.User)), harness.ClaimsOf(t, p.Token(harness.CompanyA, auth.Admin))
	stranger, super := harness.ClaimsOf(t, p.Token(harness.CompanyB, auth.Admin)), harness.ClaimsOf(t, p.Token(harness.CompanyA, auth.SuperAdmin))
	p.Exec(`insert into platform.operators (id, email, name) overriding system value values ($1, 'second@platform.example', 'Second')`, member["sub"])

	for name, claims := range map[string]map[string]any{
		"a higher role":                   harness.Changed(member, map[string]any{"role": auth.Admin}),
		"another company":                 harness.Changed(member, map[string]any{"customer_id": harness.CompanyB}),
		"another company's person":        harness.Changed(member, map[string]any{"sub": stranger["sub"], "customer_id": harness.CompanyB, "role": auth.Admin}),
		"a colleague":                     harness.Changed(member, map[string]any{"sub": other["sub"], "role": auth.Admin}),
		"a colleague's session":           harness.Changed(other, map[string]any{"sid": member["sid"]}),
		"an operator inside":              harness.Changed(member, map[string]any{"acting_as": true, "role": auth.Admin}),
		"an operator in another":          harness.Changed(member, map[string]any{"acting_as": true, "role": auth.Admin, "customer_id": harness.CompanyB}),
		"an operator with another's id":   harness.Changed(member, map[string]any{"acting_as": true, "role": auth.Admin, "sub": super["sub"]}),
		"an operator outside":             harness.Changed(member, map[string]any{"customer_id": nil, "role": auth.SuperAdmin}),
		"an operator with a lower role":   harness.Changed(super, map[string]any{"acting_as": true, "customer_id": harness.CompanyA, "role": auth.Manager}),
		"an operator as a member":         harness.Changed(super, map[string]any{"customer_id": harness.CompanyA, "role": auth.Admin}),
		"an operator acting as nobody":    harness.Changed(super, map[string]any{"acting_as": true, "role": auth.Admin}),
		"a super admin inside":            harness.Changed(super, map[string]any{"customer_id": harness.CompanyA}),
		"a super admin, acting, inside":   harness.Changed(super, map[string]any{"customer_id": harness.CompanyA, "acting_as": true}),
		"a member who calls himself both": harness.Changed(member, map[string]any{"role": auth.SuperAdmin}),
	} {
		token := harness.SignGenuine(t, claims, nil)
		for _, path := range []string{"/verify-token", "/properties/"} {
			a := p.Do("GET", path, token, nil)
			if a.Status != http.StatusUnauthorized && !(path == "/properties/" && a.Status == http.StatusForbidden && claims["customer_id"] == nil) {
				t.Errorf("%s, %s: status %d: %s", name, path, a.Status, a.Body)
			}
		}
	}
	// The other side: the operator himself does come in.
	p.Do("GET", "/properties/", p.ActingToken(), nil).Want(t, http.StatusOK)
}

// A token counts in the one header where it belongs.
func TestForgery_TokenInTheWrongPlace(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	for name, header := range map[string]string{"basic": "Basic " + token, "bare": token, "another": "Token " + token, "joined": "Bearer" + token} {
		req, err := p.NewRequest(t.Context(), "GET", "/properties/?access_token="+token+"&customer_id="+harness.CompanyB, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", header)
		req.Header.Set("X-Customer-Id", harness.CompanyB)
		req.AddCookie(&http.Cookie{Name: "access_token", Value: token})
		a, err := harness.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}

	// Nor does anything but the token say which company it is.
	req, err := p.NewRequest(t.Context(), "GET", "/properties/?customer_id="+harness.CompanyB, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "bearer "+token)
	req.Header.Set("X-Customer-Id", harness.CompanyB)
	a, err := harness.Send(req)
	if err != nil {
		t.Fatal(err)
	}
	if a.Want(t, http.StatusOK); strings.Contains(string(a.Body), harness.CompanyB) {
		t.Errorf("rows of the other company: %s", a.Body)
	}
}
