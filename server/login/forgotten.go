package login

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A Mailer sends the links of forgotten passwords.
type Mailer interface {
	// LinksBy says by whose account a link can come: the portal's, a company's own, or nobody's.
	LinksBy(ctx context.Context) string
	// PasswordForgotten mails a link by a guest. Without one the company takes no passwords.
	PasswordForgotten(ctx context.Context, tx db.Tx, email, link string, until time.Time) error
}

func forgottenRoutes(api endpoint.API, a *auth.Auth, mail Mailer) {
	h := forgotten{a, mail}
	endpoint.Direct(api, http.MethodPost, "/api/forgotten-password/", "forgetPassword", "Ask for a link by mail to a new password", h.forget, endpoint.Public, endpoint.Form,
		endpoint.Describe("The answer, and its time, is the same for every address. Each account of the address gets a mail of its own, by its company's mail account or else the portal's. "+
			"A super admin gets none: his password is set on the portal's machine."))
	endpoint.Direct(api, http.MethodPost, "/api/forgotten-password/reset", "resetForgottenPassword", "Choose a new password by the link of a mail", h.reset, endpoint.Public,
		endpoint.Limited(20, 3*time.Second), endpoint.Describe("The link works once, for an hour, and until the password changes by another way. All sessions of the person end; then he logs in."))
}

type forgotten struct {
	auth *auth.Auth
	mail Mailer
}

// ForgottenPassword says whose password is forgotten.
type ForgottenPassword struct {
	Email      field.Email `json:"email"`
	CustomerID string      `json:"customer_id,omitempty" maxLength:"9" pattern:"^([A-Za-z0-9]{8,9})?$" doc:"The company, for a member of several; without it each account gets a mail."`
}

// LinkAsked is the answer to everybody.
type LinkAsked struct {
	Message string `json:"message" doc:"What happens now, and whom to ask where no mail comes."`
	LinksBy string `json:"links_by" enum:"portal,companies,nobody" doc:"Whose mail account sends links: where companies, only those that have set up mail do."`
}

// askAdmin is for whom no mail can come.
const askAdmin = "ask an Admin of your company to set a password for you"

// whatHappens depends on how the portal is set up and never on the address.
var whatHappens = map[string]string{
	"portal":    "If there is an account with this e-mail, a link is on its way to it. If none comes within a few minutes, " + askAdmin,
	"companies": "The portal has no mail of its own: a link is on its way only where the company of the account has set up mail. If none comes within a few minutes, " + askAdmin,
	"nobody":    "Mail is not set up: " + askAdmin,
}

// resetPage takes the token behind the #, where no server sees it.
const resetPage = "/#/reset-password?"

func (h forgotten) forget(ctx context.Context, in *struct{ Body ForgottenPassword }) (LinkAsked, error) {
	by := h.mail.LinksBy(ctx)
	out := LinkAsked{whatHappens[by], by}
	if by == "nobody" {
		return out, nil
	}
	f := auth.Forgetful{Email: string(in.Body.Email), CustomerID: in.Body.CustomerID, Address: endpoint.ClientAddress(ctx)}
	return out, h.auth.Forgot(ctx, f, func(ctx context.Context, tx db.Tx, r auth.Reminder) error {
		link, until := "", endpoint.Now(ctx).Add(auth.ResetLifetime)
		if r.Token != "" {
			link = endpoint.PublicURL(ctx) + resetPage + url.Values{"token": {r.Token}}.Encode()
		}
		return h.mail.PasswordForgotten(ctx, tx, r.Email, link, until)
	})
}

// NewPassword is one that is chosen by a link.
type NewPassword struct {
	Token    string            `json:"token" maxLength:"100" doc:"From the link."`
	Password field.NewPassword `json:"password"`
}

func (h forgotten) reset(ctx context.Context, in *struct{ Body NewPassword }) (endpoint.Message, error) {
	return endpoint.Message{Message: "Password set; all sessions have ended. Log in with it"}, h.auth.Reset(ctx, in.Body.Token, string(in.Body.Password))
}
