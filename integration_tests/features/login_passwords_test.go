package features

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func (p *portal) changePassword(token, current, replacement string) harness.Answer {
	p.T.Helper()
	return p.Do("POST", "/api/change-password/", token, map[string]string{"current_password": current, "new_password": replacement})
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
		"over 72 bytes": {"$2a$", long, strings.ToValidUTF8(long[:71], ""), long[:72] + "XXX"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			hash, err := bcrypt.GenerateFromPassword([]byte(tt.typed[:min(72, len(tt.typed))]), bcrypt.MinCost)
			if err != nil {
				t.Fatal(err)
			}
			p.Exec(`update platform.logins set password_hash = $1 where email = 'user@a.example'`, tt.prefix+string(hash[4:]))
			hashNow := func() string {
				return harness.Query[string](p.Portal, `select password_hash from platform.logins where email = 'user@a.example'`)
			}

			p.LoginWith("user@a.example", tt.wrong).Problem(t, http.StatusUnauthorized)
			if !strings.HasPrefix(hashNow(), "$2") {
				t.Fatal("a refused log-in replaced the hash")
			}
			p.LoginWith("user@a.example", tt.typed).Want(t, http.StatusOK)
			replaced := hashNow()
			if !strings.HasPrefix(replaced, "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("hash after the log-in: %s", replaced)
			}
			p.LoginWith("user@a.example", tt.typed).Want(t, http.StatusOK)
			if hashNow() != replaced {
				t.Error("a good hash was replaced again")
			}
			if tt.alike != "" {
				p.LoginWith("user@a.example", tt.alike).Problem(t, http.StatusUnauthorized)
			}
		})
	}
	// Until then the rest after 72 bytes did not count.
	hash, err := bcrypt.GenerateFromPassword([]byte(long[:72]), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	p.Exec(`update platform.logins set password_hash = $1 where email = 'admin@a.example'`, string(hash))
	p.LoginWith("admin@a.example", strings.ToValidUTF8(long[:71], "")).Problem(t, http.StatusUnauthorized)
	p.LoginWith("admin@a.example", long[:72]+"XXX").Want(t, http.StatusOK)
}

func TestPasswords_OfOperatorsAreUpgradedToo(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("old password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	p.Exec(`update platform.operators set password_hash = $1`, string(hash))
	p.LoginWith(harness.Operator, "old password").Want(t, http.StatusOK)
	if now := harness.Query[string](p.Portal, `select password_hash from platform.operators`); !strings.HasPrefix(now, "$argon2id$") {
		t.Errorf("hash after the log-in: %s", now)
	}
	p.LoginWith(harness.Operator, "old password").Want(t, http.StatusOK)
}

// oldHash is one of the old portal.
func oldHash(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestPasswords_AreNotCut(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session(harness.Email(harness.CompanyA, auth.User))
	current := harness.Password
	for name, secret := range map[string]string{
		"8 characters": "sn0wplow", "8 letters of 16 bytes": "éééééééé", "8 letters of 32 bytes": "🚜🚜🚜🚜🚜🚜🚜🚜",
		"1024 bytes": strings.Repeat("x", 1023) + "y", "1024 bytes, 512 letters": strings.Repeat("é", 512),
	} {
		a := p.changePassword(s.AccessToken, current, secret)
		if a.Status != http.StatusOK {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
			continue
		}
		current = secret
		p.LoginWith("user@a.example", secret).Want(t, http.StatusOK)
		shorter := strings.ToValidUTF8(secret[:len(secret)-1], "")
		p.LoginWith("user@a.example", shorter).Problem(t, http.StatusUnauthorized)
		p.LoginWith("user@a.example", secret+"x").Problem(t, http.StatusUnauthorized)
		p.LoginWith("user@a.example", shorter+"z").Problem(t, http.StatusUnauthorized)
	}
}

func TestPasswords_ChangeEndsOtherSessions(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, who := range []string{harness.Email(harness.CompanyA, auth.Contractor), harness.Operator} {
		own, other, stranger := p.Session(who), p.Session(who), p.Session(harness.Email(harness.CompanyB, auth.Contractor))

		p.changePassword(own.AccessToken, "wrong password", "staple correct horse").Problem(t, http.StatusUnauthorized)
		p.Do("GET", "/verify-token", other.AccessToken, nil).Want(t, http.StatusOK)

		p.changePassword(own.AccessToken, harness.Password, "staple correct horse").Want(t, http.StatusOK)
		p.wantOver(other)
		p.Do("GET", "/verify-token", own.AccessToken, nil).Want(t, http.StatusOK)
		p.refresh(own.RefreshToken).Want(t, http.StatusOK)
		p.Do("GET", "/verify-token", stranger.AccessToken, nil).Want(t, http.StatusOK)
		p.LoginWith(who, harness.Password).Problem(t, http.StatusUnauthorized)
		p.LoginWith(who, "staple correct horse").Want(t, http.StatusOK)
	}
}

func TestPasswords_ChangeNeedsALiveSession(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session(harness.Email(harness.CompanyA, auth.User))
	p.Do("POST", "/api/logout/", s.AccessToken, nil).Want(t, http.StatusOK)
	p.changePassword(s.AccessToken, harness.Password, "staple correct horse").Problem(t, http.StatusUnauthorized)
	p.changePassword(p.ActingToken(), harness.Password, "staple correct horse").Problem(t, http.StatusForbidden)
	p.LoginWith("user@a.example", harness.Password).Want(t, http.StatusOK)
	p.LoginWith(harness.Operator, harness.Password).Want(t, http.StatusOK)
}

func TestPasswords_AreNeverShown(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session(harness.Email(harness.CompanyA, auth.User))
	const secret = "a-secret-that-must-not-be-shown"
	for _, a := range []harness.Answer{
		p.LoginWith("user@a.example", secret),
		p.changePassword(s.AccessToken, secret, secret),
		p.changePassword(s.AccessToken, secret, secret[:7]),
		p.Do("POST", "/api/login/", "", map[string]any{"username": "user@a.example", "password": []string{secret}}),
		p.Do("POST", "/api/change-password/", s.AccessToken, map[string]any{"current_password": secret, "new_password": 7}),
		p.Do("POST", "/api/login/", "", harness.RawBody{Kind: "application/json", Text: `{"password":"` + secret + `"`}),
	} {
		if strings.Contains(string(a.Body), secret[:7]) {
			t.Errorf("the answer shows the password: %s", a.Body)
		}
	}
	if strings.Contains(p.Log.String(), secret[:7]) {
		t.Error("the log shows the password")
	}
}
