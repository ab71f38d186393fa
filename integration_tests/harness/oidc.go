package harness

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"contractor-portal/server/login"
)

// The portal's account at an Issuer.
const (
	ClientID     = "portal.client"
	clientSecret = "secret of the portal's client"
)

// An Issuer is a company that says who somebody is, as Google's and Microsoft's documents describe theirs. It fails the test
// where it is asked otherwise than they say.
type Issuer struct {
	T        testing.TB
	Provider string
	URL      string // its own address
	Key      *rsa.PrivateKey

	mu     sync.Mutex
	claims map[string]any
	forge  func(header, claims map[string]any) string
	again  bool
	status int
	codes  map[string]url.Values // what was asked for with each
	asked  int
}

var issuersKey = sync.OnceValue(func() *rsa.PrivateKey { return NewRSAKey() })

// NewRSAKey makes a key that nobody knows.
func NewRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// Google and Microsoft are fakes of a test's own.
func Google(t testing.TB) *Issuer    { return anIssuer(t, "google") }
func Microsoft(t testing.TB) *Issuer { return anIssuer(t, "microsoft") }

func anIssuer(t testing.TB, provider string) *Issuer {
	t.Helper()
	i := &Issuer{T: t, Provider: provider, Key: issuersKey(), codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+i.path()+"/.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s is asked for %s", provider, r.URL) })
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	i.URL = web.URL
	return i
}

func (i *Issuer) path() string {
	if i.Provider == "microsoft" {
		return "/common/v2.0"
	}
	return ""
}

// IssuerOf is what stands as iss in its tokens; tid is a tenant of Microsoft's.
func (i *Issuer) IssuerOf(tid string) string {
	return i.URL + strings.Replace(i.path(), "common", tid, 1)
}

// Over lets a portal's people sign on by it.
func (i *Issuer) Over(s *Settings) {
	s.Server.PublicURL = PublicURL
	client := login.Client{Issuer: i.URL + i.path(), ID: ClientID, Secret: clientSecret}
	if i.Provider == "google" {
		s.Server.SignOn.Google = client
		return
	}
	s.Server.SignOn.Microsoft = client
}

// Says has it say this of whoever signs on, beside what it says of everybody.
func (i *Issuer) Says(claims map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.claims, i.forge = maps.Clone(claims), nil
}

// Forges makes its next tokens otherwise than it would; the function gets what it would sign.
func (i *Issuer) Forges(forge func(header, claims map[string]any) string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forge = forge
}

// TakesCodesAgain is a provider that does not look whether a code was used.
func (i *Issuer) TakesCodesAgain() { i.mu.Lock(); defer i.mu.Unlock(); i.again = true }

// Fails answers codes with a status; 0: no more.
func (i *Issuer) Fails(status int) { i.mu.Lock(); defer i.mu.Unlock(); i.status = status }

// Asked is how many codes were shown to it.
func (i *Issuer) Asked() int { i.mu.Lock(); defer i.mu.Unlock(); return i.asked }

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	i.answer(w, http.StatusOK, map[string]any{
		"issuer": i.IssuerOf("{tenantid}"), "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		// Whatever it claims, the portal takes RS256 alone.
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"}, "code_challenge_methods_supported": []string{"plain", "S256"},
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	b64 := base64.RawURLEncoding.EncodeToString
	i.answer(w, http.StatusOK, map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "kid": "one", "n": b64(i.Key.N.Bytes()), "e": b64(big.NewInt(int64(i.Key.E)).Bytes()),
	}}})
}

// exactly fails the test where parameters are missing, unknown, or there twice.
func (i *Issuer) exactly(given url.Values, names ...string) {
	have := slices.Sorted(maps.Keys(given))
	slices.Sort(names)
	if !slices.Equal(have, names) {
		i.T.Errorf("%s gets the parameters %q, want %q", i.Provider, have, names)
	}
	for name, values := range given {
		if len(values) != 1 || values[0] == "" {
			i.T.Errorf("%s gets %s %d times, or empty", i.Provider, name, len(values))
		}
	}
}

func (i *Issuer) callback() string { return PublicURL + "/auth/" + i.Provider + "/callback" }

func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	i.exactly(q, "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method")
	for name, want := range map[string]string{
		"response_type": "code", "client_id": ClientID, "redirect_uri": i.callback(), "scope": "openid email profile", "code_challenge_method": "S256",
	} {
		if q.Get(name) != want {
			i.T.Errorf("%s gets %s %q, want %q", i.Provider, name, q.Get(name), want)
		}
	}
	if len(q.Get("state")) < 32 || len(q.Get("nonce")) < 32 || len(q.Get("code_challenge")) != 43 {
		i.T.Errorf("%s gets something that can be guessed: %v", i.Provider, q)
	}
	code := "code/" + rand.Text()
	i.mu.Lock()
	i.codes[code] = q
	i.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "scope": {"email profile openid"}, "authuser": {"0"}}
	http.Redirect(w, r, i.callback()+"?"+back.Encode(), http.StatusFound)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		i.T.Error(err)
	}
	i.exactly(r.PostForm, "grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier")
	f := r.PostForm
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	if i.status != 0 {
		w.WriteHeader(i.status)
		return
	}
	q, known := i.codes[f.Get("code")]
	challenge := sha256.Sum256([]byte(f.Get("code_verifier")))
	switch {
	case r.URL.RawQuery != "", f.Get("grant_type") != "authorization_code":
		i.T.Errorf("%s is asked for a token by %s?%s", i.Provider, f.Get("grant_type"), r.URL.RawQuery)
	case f.Get("client_id") != ClientID || f.Get("client_secret") != clientSecret:
		i.answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
	case !known, f.Get("redirect_uri") != i.callback(), base64.RawURLEncoding.EncodeToString(challenge[:]) != q.Get("code_challenge"):
		i.answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
	default:
		if !i.again {
			delete(i.codes, f.Get("code"))
		}
		i.answer(w, http.StatusOK, map[string]any{"access_token": "not used", "token_type": "Bearer", "expires_in": 3600, "id_token": i.idToken(q.Get("nonce"))})
	}
}

func (i *Issuer) idToken(nonce string) string {
	now := time.Now()
	claims := map[string]any{
		"aud": ClientID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": nonce, "sub": "the same everywhere",
	}
	maps.Copy(claims, i.claims)
	tid, _ := claims["tid"].(string)
	if claims["iss"] == nil {
		claims["iss"] = i.IssuerOf(tid)
	}
	header := map[string]any{"alg": "RS256", "kid": "one", "typ": "JWT"}
	if i.forge != nil {
		return i.forge(header, claims)
	}
	return SignRS256(i.Key, header, claims)
}

func (i *Issuer) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		i.T.Error(err)
	}
}
