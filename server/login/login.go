// Package login is the way in and out: log-in, sign-on with other companies, refresh, log-out, forgotten passwords, and what a
// person does with the own account: profile, password, sessions, default equipment, token check. How a password is verified and a token
// signed is package auth's business.
package login

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API, a *auth.Auth, cfg SignOn, mail Mailer) {
	h := handlers{a}
	signOnRoutes(api, a, cfg)
	sessionRoutes(api)
	forgottenRoutes(api, a, mail)
	endpoint.Direct(api, http.MethodPost, "/api/login/", "login", "Log in with e-mail and password", h.login, endpoint.Public, endpoint.Form, endpoint.Extends[*auth.SeveralError](http.StatusConflict),
		endpoint.Describe("A person who is a member of several companies with the same password gets 409 with companies, and repeats the call with customer_id. "+
			"A device that has been logged in before waits for nobody who guesses at the same e-mail: it shows a refresh_token that it was given, or the cookie that this call sets."))
	endpoint.Direct(api, http.MethodPost, "/api/refresh/", "refresh", "Change a refresh token for new tokens", h.refresh, endpoint.Public, endpoint.Form,
		endpoint.Describe("Each refresh token works once, and once more within ten seconds where the answer got lost. One that is used later ends the session."))
	endpoint.Direct(api, http.MethodPost, "/api/logout/", "logout", "End the session of the token", h.logout, everybody)
	endpoint.Direct(api, http.MethodPost, "/api/change-password/", "changePassword", "Change the own password", h.changePassword, everybody.Own(), endpoint.Keyed)

	endpoint.Either(api, http.MethodGet, "/verify-token", "verifyToken", "Check the token, return the own account", whoAmI, whichOperator, everybody)
	endpoint.Either(api, http.MethodPut, "/update-profile", "updateProfile", "Change the own phone, address, equipment", updateProfile, updateOperator, everybody.Own(), endpoint.Audited("profile.changed"))
	endpoint.Either(api, http.MethodPost, "/api/update-default-equipment/", "updateDefaultEquipment", "Set the own default equipment", setEquipment, setOperatorEquipment, everybody.Own(), endpoint.Audited("profile.changed"))
	endpoint.Either(api, http.MethodGet, "/api/my-default-equipment/", "getDefaultEquipment", "Read the own default equipment", equipment, operatorEquipment, everybody.Own())
}

var everybody = endpoint.Everybody

type handlers struct{ auth *auth.Auth }

// LoginForm is what the log-in page sends.
type LoginForm struct {
	Username   string `json:"username" maxLength:"255" example:"admin@example.com" doc:"The e-mail."`
	Password   string `json:"password" maxLength:"100000" example:"correct horse battery"`
	GrantType  string `json:"grant_type,omitempty" doc:"Accepted and not used."`
	CustomerID string `json:"customer_id,omitempty" maxLength:"9" example:"LEGACY001" doc:"The company, for a member of several; PLATFORM for an operator."`
	// No example: it must be this device's own.
	RefreshToken string `json:"refresh_token,omitempty" maxLength:"200" doc:"One that this device was given, the last or an older one: guesses of others then do not keep it waiting. A browser need not send it, since it has the cookie."`
	endpoint.Session
}

// TokenPair is what a log-in or a refresh gives.
type TokenPair struct {
	AccessToken  string `json:"access_token" doc:"Send it as a bearer token."`
	TokenType    string `json:"token_type" example:"bearer"`
	ExpiresIn    int64  `json:"expires_in" doc:"Seconds until the access token is over."`
	RefreshToken string `json:"refresh_token" doc:"Works once, at /api/refresh/."`
}

// pair is the answer of a log-in, whose tokens go where the session wants them.
func pair(ctx context.Context, s endpoint.Session, t auth.Tokens, err error) (TokenPair, error) {
	if err == nil {
		t = s.Keep(ctx, t)
	}
	return TokenPair{AccessToken: t.Access, TokenType: "bearer", ExpiresIn: int64(t.ExpiresIn.Seconds()), RefreshToken: t.Refresh}, err
}

func (h handlers) login(ctx context.Context, in *struct{ Body LoginForm }) (TokenPair, error) {
	f := in.Body
	if err := f.Check(ctx); err != nil {
		return TokenPair{}, err
	}
	f.Username = field.Tidy(f.Username)
	cookie := deviceCookie(f.Username)
	t, err := h.auth.Login(ctx, auth.Credentials{
		Email: f.Username, Password: f.Password, CustomerID: f.CustomerID, Address: endpoint.ClientAddress(ctx),
		Device: cmp.Or(f.RefreshToken, endpoint.Cookie(ctx, cookie)),
	})
	if err == nil {
		endpoint.SetCookie(ctx, cookie, auth.DeviceOf(t.Refresh), deviceLifetime)
	}
	return pair(ctx, f.Session, t, err)
}

// deviceLifetime is how long a browser shows that somebody logged in with it.
const deviceLifetime = 180 * 24 * time.Hour

// deviceCookie is the cookie by which a browser shows that somebody with that e-mail logged in with it: people who share
// a browser have one each.
func deviceCookie(email string) string {
	h := sha256.Sum256([]byte(strings.ToLower(email)))
	return "__Host-device-" + hex.EncodeToString(h[:8])
}

// RefreshForm carries a refresh token.
type RefreshForm struct {
	RefreshToken string `json:"refresh_token,omitempty" maxLength:"200" doc:"A session in cookies has its own."`
	endpoint.Session
}

func (h handlers) refresh(ctx context.Context, in *struct{ Body RefreshForm }) (TokenPair, error) {
	s := in.Body.Session
	if err := s.Check(ctx); err != nil {
		return TokenPair{}, err
	}
	t, err := h.auth.Refresh(ctx, s.RefreshToken(ctx, in.Body.RefreshToken))
	return pair(ctx, s, t, err)
}

func (h handlers) logout(ctx context.Context, _ *endpoint.None) (endpoint.Message, error) {
	err := h.auth.Logout(ctx, endpoint.Caller(ctx))
	if err == nil {
		endpoint.Forget(ctx) // else the browser would have lost a session that lives
	}
	return endpoint.Message{Message: "Logged out"}, err
}

// PasswordChange is a new password with the one it replaces.
type PasswordChange struct {
	CurrentPassword string            `json:"current_password" maxLength:"100000" example:"correct horse battery"`
	NewPassword     field.NewPassword `json:"new_password"`
}

func (h handlers) changePassword(ctx context.Context, in *struct{ Body PasswordChange }) (endpoint.Done, error) {
	done := endpoint.Done{OK: true, Message: "Password changed; other sessions have ended"}
	return done, h.auth.ChangePassword(ctx, endpoint.Caller(ctx), in.Body.CurrentPassword, string(in.Body.NewPassword), endpoint.Writing(done))
}
