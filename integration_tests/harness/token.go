package harness

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"

	"contractor-portal/server/auth"
)

// ClaimsOf reads the payload of a token, as a page does.
func ClaimsOf(t testing.TB, token string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts in a token", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// Changed is a copy of claims with others in their place; nil takes one away.
func Changed(claims, changes map[string]any) map[string]any {
	c := maps.Clone(claims)
	for name, value := range changes {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

// SigningKey is the server's own private key: what it signs is genuine, whatever it says.
func SigningKey(t testing.TB) (private ed25519.PrivateKey, id string) {
	t.Helper()
	var file struct{ Token []json.RawMessage }
	if err := json.Unmarshal([]byte(Suite.keysText), &file); err != nil {
		t.Fatal(err)
	}
	key, err := jwk.ParseKey(file.Token[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Raw(&private); err != nil {
		t.Fatal(err)
	}
	return private, key.KeyID()
}

// SignGenuine signs claims as the server does.
func SignGenuine(t testing.TB, claims, header map[string]any) string {
	t.Helper()
	key, _ := SigningKey(t)
	return Sign(t, jwa.EdDSA, key, claims, header)
}

// Sign makes a token of claims that the server itself would not make. Headers beside alg, kid and typ
// may be given; nil takes one away.
func Sign(t testing.TB, algorithm jwa.SignatureAlgorithm, key any, claims, header map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	_, id := SigningKey(t)
	headers := jws.NewHeaders()
	for name, value := range Changed(map[string]any{"typ": "at+jwt", "kid": id}, header) {
		if err := headers.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	token, err := jws.Sign(payload, jws.WithKey(algorithm, key, jws.WithProtectedHeaders(headers)))
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

// ActingToken is the operator's inside companyA, into which he switches.
func (p *Portal) ActingToken() string {
	p.T.Helper()
	return p.ActingIn(CompanyA)
}

// ActingIn is ActingToken, in either company.
func (p *Portal) ActingIn(company string) string {
	p.T.Helper()
	var acting struct {
		AccessToken string `json:"access_token"`
	}
	p.Do("POST", "/api/customers/"+company+"/switch", p.Token(CompanyA, auth.SuperAdmin), nil).Want(p.T, http.StatusOK).JSON(p.T, &acting)
	return acting.AccessToken
}
