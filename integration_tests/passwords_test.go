package integration_tests

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"contractor-portal/server/auth"
)

func (p *portal) loginWith(email, secret string) answer {
	p.t.Helper()
	return p.do("POST", "/api/login/", "", url.Values{"username": {email}, "password": {secret}})
}

func (p *portal) changePassword(token, current, replacement string) answer {
	p.t.Helper()
	return p.do("POST", "/api/change-password/", token, map[string]string{"current_password": current, "new_password": replacement})
}

// The old portal hashed the first 72 bytes with bcrypt. Such a hash stays valid, and the log-in replaces
// it by argon2id of what was typed in, which is not cut.
func TestPasswords_OldHashesStayValid(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	long := strings.Repeat("é", 36) + " and what comes after 72 bytes"
	for name, tt := range map[string]struct{ prefix, typed, wrong, alike string }{
		"short":         {"$2a$", "old", "old ", ""},
		"with 2b":       {"$2b$", "old password", "old passwor", ""},
		"with 2y":       {"$2y$", "old password", "Old password", ""},
		"over 72 bytes": {"$2a$", long, long[:71], long[:72] + "XXX"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			hash, err := bcrypt.GenerateFromPassword([]byte(tt.typed[:min(72, len(tt.typed))]), bcrypt.MinCost)
			if err != nil {
				t.Fatal(err)
			}
			p.exec(`update platform.logins set password_hash = $1 where email = 'user@a.example'`, tt.prefix+string(hash[4:]))
			hashNow := func() string {
				return query[string](p, `select password_hash from platform.logins where email = 'user@a.example'`)
			}

			p.loginWith("user@a.example", tt.wrong).problem(t, http.StatusUnauthorized)
			if !strings.HasPrefix(hashNow(), "$2") {
				t.Fatal("a refused log-in replaced the hash")
			}
			p.loginWith("user@a.example", tt.typed).want(t, http.StatusOK)
			replaced := hashNow()
			if !strings.HasPrefix(replaced, "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("hash after the log-in: %s", replaced)
			}
			p.loginWith("user@a.example", tt.typed).want(t, http.StatusOK)
			if hashNow() != replaced {
				t.Error("a good hash was replaced again")
			}
			if tt.alike != "" {
				p.loginWith("user@a.example", tt.alike).problem(t, http.StatusUnauthorized)
			}
		})
	}
	// Until then the rest after 72 bytes did not count.
	hash, err := bcrypt.GenerateFromPassword([]byte(long[:72]), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	p.exec(`update platform.logins set password_hash = $1 where email = 'admin@a.example'`, string(hash))
	p.loginWith("admin@a.example", long[:71]).problem(t, http.StatusUnauthorized)
	p.loginWith("admin@a.example", long[:72]+"XXX").want(t, http.StatusOK)
}

func TestPasswords_OfOperatorsAreUpgradedToo(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("old password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	p.exec(`update platform.operators set password_hash = $1`, string(hash))
	p.loginWith(operator, "old password").want(t, http.StatusOK)
	if now := query[string](p, `select password_hash from platform.operators`); !strings.HasPrefix(now, "$argon2id$") {
		t.Errorf("hash after the log-in: %s", now)
	}
	p.loginWith(operator, "old password").want(t, http.StatusOK)
}

func TestPasswords_NewOnesHave8To1024Bytes(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.session(email(companyA, auth.User))
	for name, secret := range map[string]string{
		"empty": "", "7 bytes": "1234567", "1025 bytes": strings.Repeat("x", 1025), "1026 bytes, 513 letters": strings.Repeat("é", 513),
	} {
		if a := p.changePassword(s.AccessToken, password, secret); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d: %s", name, a.status, a.body)
		}
	}
	current := password
	for name, secret := range map[string]string{
		"8 bytes": "12345678", "8 bytes, 4 letters": "éééé", "8 bytes, 2 letters": "🚜🚜",
		"1024 bytes": strings.Repeat("x", 1023) + "y", "1024 bytes, 512 letters": strings.Repeat("é", 512),
	} {
		a := p.changePassword(s.AccessToken, current, secret)
		if a.status != http.StatusOK {
			t.Errorf("%s: status %d: %s", name, a.status, a.body)
			continue
		}
		current = secret
		p.loginWith("user@a.example", secret).want(t, http.StatusOK)
		p.loginWith("user@a.example", secret[:len(secret)-1]).problem(t, http.StatusUnauthorized)
		p.loginWith("user@a.example", secret+"x").problem(t, http.StatusUnauthorized)
		p.loginWith("user@a.example", secret[:len(secret)-1]+"z").problem(t, http.StatusUnauthorized)
	}
}

func TestPasswords_ChangeEndsOtherSessions(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, who := range []string{email(companyA, auth.Contractor), operator} {
		own, other, stranger := p.session(who), p.session(who), p.session(email(companyB, auth.Contractor))

		p.changePassword(own.AccessToken, "wrong password", "staple correct horse").problem(t, http.StatusUnauthorized)
		p.do("GET", "/verify-token", other.AccessToken, nil).want(t, http.StatusOK)

		p.changePassword(own.AccessToken, password, "staple correct horse").want(t, http.StatusOK)
		p.wantOver(other)
		p.do("GET", "/verify-token", own.AccessToken, nil).want(t, http.StatusOK)
		p.refresh(own.RefreshToken).want(t, http.StatusOK)
		p.do("GET", "/verify-token", stranger.AccessToken, nil).want(t, http.StatusOK)
		p.loginWith(who, password).problem(t, http.StatusUnauthorized)
		p.loginWith(who, "staple correct horse").want(t, http.StatusOK)
	}
}

func TestPasswords_ChangeNeedsALiveSession(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.session(email(companyA, auth.User))
	p.do("POST", "/api/logout/", s.AccessToken, nil).want(t, http.StatusOK)
	p.changePassword(s.AccessToken, password, "staple correct horse").problem(t, http.StatusUnauthorized)
	p.changePassword(p.actingToken(), password, "staple correct horse").problem(t, http.StatusForbidden)
	p.loginWith("user@a.example", password).want(t, http.StatusOK)
	p.loginWith(operator, password).want(t, http.StatusOK)
}

func TestPasswords_AreNeverShown(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.session(email(companyA, auth.User))
	const secret = "a-secret-that-must-not-be-shown"
	for _, a := range []answer{
		p.loginWith("user@a.example", secret),
		p.changePassword(s.AccessToken, secret, secret),
		p.changePassword(s.AccessToken, secret, secret[:7]),
		p.do("POST", "/api/login/", "", map[string]any{"username": "user@a.example", "password": []string{secret}}),
		p.do("POST", "/api/change-password/", s.AccessToken, map[string]any{"current_password": secret, "new_password": 7}),
		p.do("POST", "/api/login/", "", rawBody{"application/json", `{"password":"` + secret + `"`}),
	} {
		if strings.Contains(string(a.body), secret[:7]) {
			t.Errorf("the answer shows the password: %s", a.body)
		}
	}
	if strings.Contains(p.log.String(), secret[:7]) {
		t.Error("the log shows the password")
	}
}
