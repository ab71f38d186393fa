package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/outbound"
)

// SignOn is what signing on with other companies needs. A provider at which the portal has no account is as absent as any other.
type SignOn struct {
	Google, Microsoft Client
	Calls             *outbound.Calls
	Newcomer          auth.Newcomer // makes the pending member of somebody whom nobody knows
}

// Providers names those at which the portal has an account.
func (s SignOn) Providers() (names []string) {
	for _, p := range []struct {
		name string
		Client
	}{{"google", s.Google}, {"microsoft", s.Microsoft}} {
		if p.ID != "" {
			names = append(names, p.name)
		}
	}
	return names
}

// Where a sign-on ends. What a page must know stands behind the #, where no server sees it.
const (
	loginPage   = "/#/log-in?"
	waitingPage = "/#/waiting"
	profilePage = "/#/profile?"
)

func signOnRoutes(api endpoint.API, a *auth.Auth, cfg SignOn) {
	s := signOn{a, providers(cfg), cfg.Newcomer}
	own := endpoint.Members.Own()
	endpoint.Leads(api, "/auth/{provider}/start", "startSignOn", "Begin to sign on with Google or Microsoft", s.start, endpoint.Limited(60, 5*time.Second),
		endpoint.Describe("The browser goes on to the provider, and has five minutes to come back. Whoever is new names the company in which he asks for an account, by "+
			"the token of an invitation link, its subdomain or its customer id. 404 where the portal has no account at the provider."))
	endpoint.Leads(api, "/auth/{provider}/callback", "finishSignOn", "Where the provider sends people back", s.finish,
		endpoint.Describe("Goes on to "+loginPage+"code=…, a code that POST /auth/token changes for tokens; to "+waitingPage+" for somebody who waits for approval; or back to "+
			loginPage+" with the reason. An e-mail leads to an account only where the provider has verified it."))
	endpoint.Direct(api, http.MethodPost, "/auth/token", "redeemSignOn", "Change the code of a sign-on for tokens", s.redeem, endpoint.Public, endpoint.Extends[*auth.SeveralError](http.StatusConflict),
		endpoint.Describe("The code works once, for 60 seconds, in the browser that came back. A person of several companies gets 409 with companies, and repeats the call with customer_id."))
	endpoint.Consult(api, http.MethodPost, "/auth/{provider}/link", "linkSignOn", "Begin to link a sign-on with the own account", s.link, own,
		endpoint.Describe("The browser goes to authorization_url within five minutes. Afterwards the person signs on by it, whatever its e-mail is."))
	endpoint.List(api, "/auth/identities/", "listIdentities", "The sign-ons that are linked with the own account", identities, own)
	endpoint.Delete(api, "/auth/identities/{identity_id}", "unlinkSignOn", "Unlink a sign-on from the own account", unlink, own, endpoint.Audited("identity.unlinked"))
	admin := endpoint.Only(auth.Admin)
	endpoint.Get(api, "/auth/policy/", "getSignOnPolicy", "Whether the company takes passwords", policy, admin)
	endpoint.Put(api, "/auth/policy/", "setSignOnPolicy", "Say whether the company takes passwords", setPolicy, admin, endpoint.Audited("sign_on_policy.changed"),
		endpoint.Describe("With sign_on_only a right password is answered by 403. Who asks for it has a sign-on himself. An operator who acts inside the company can take it back."))
}

type signOn struct {
	auth      *auth.Auth
	providers map[string]*provider
	newcomer  auth.Newcomer
}

// ProviderName names a provider in a path.
type ProviderName struct {
	Provider string `path:"provider" maxLength:"20" example:"google" doc:"google or microsoft."`
}

func (s signOn) provider(name string) (*provider, error) {
	p := s.providers[name]
	if p == nil {
		return nil, endpoint.NotFound("provider")
	}
	return p, nil
}

func (s signOn) start(ctx context.Context, in *struct {
	ProviderName
	Invitation string `query:"invitation" maxLength:"100" doc:"The token of an invitation link."`
	Subdomain  string `query:"subdomain" maxLength:"100" doc:"The company's."`
	CustomerID string `query:"customer_id" maxLength:"9" doc:"The company's."`
},
) (*endpoint.Redirect, error) {
	address, err := s.depart(ctx, in.Provider, func() (auth.Trip, error) {
		return s.auth.Depart(ctx, in.Provider, auth.SignUp{Invitation: in.Invitation, Subdomain: in.Subdomain, CustomerID: in.CustomerID, Address: endpoint.ClientAddress(ctx)})
	})
	if errors.Is(err, auth.ErrCompany) {
		return nil, endpoint.NotFound("company, or it takes no requests")
	}
	return endpoint.To(address), err
}

// depart is the address at the provider to which a trip leads; the browser keeps its cookie.
func (s signOn) depart(ctx context.Context, name string, begin func() (auth.Trip, error)) (string, error) {
	p, err := s.provider(name)
	if err != nil {
		return "", err
	}
	cfg, _, err := p.config(ctx, name)
	if err != nil {
		return "", err
	}
	t, err := begin()
	if err != nil {
		return "", err
	}
	endpoint.SetTravelCookie(ctx, endpoint.TravelCookie(name), t.Cookie, 5*time.Minute)
	return cfg.AuthCodeURL(t.State, oauth2.S256ChallengeOption(t.Verifier()), oauth2.SetAuthURLParam("nonce", t.Nonce())), nil
}

// A SignOnDeparture is where a browser goes to link a sign-on.
type SignOnDeparture struct {
	AuthorizationURL string `json:"authorization_url"`
}

func (s signOn) link(ctx context.Context, work endpoint.Work, in *ProviderName) (d SignOnDeparture, err error) {
	admitted := func(context.Context, db.Tx) error { return nil }
	if err := work.Read(ctx, admitted); err != nil {
		return d, err
	}
	d.AuthorizationURL, err = s.depart(ctx, in.Provider, func() (auth.Trip, error) {
		return s.auth.DepartToLink(ctx, in.Provider, endpoint.Caller(ctx), endpoint.ClientAddress(ctx))
	})
	return d, err
}

func (s signOn) finish(ctx context.Context, in *struct {
	ProviderName
	endpoint.Return
},
) (*endpoint.Redirect, error) {
	p, err := s.provider(in.Provider)
	if err != nil {
		return nil, err
	}
	from := endpoint.ClientAddress(ctx)
	t, err := s.auth.Return(ctx, in.Provider, in.State, endpoint.Cookie(ctx, endpoint.TravelCookie(in.Provider)), from)
	if err != nil {
		return nil, err
	}
	if in.Error != "" || in.Code == "" {
		return endpoint.To(loginPage + "problem=cancelled"), nil
	}
	proof, err := p.exchange(ctx, t, in.Code)
	if errors.Is(err, errDisproved) {
		return nil, errors.Join(endpoint.Invalid(p.name+" did not confirm who you are; begin again"), s.auth.Disproved(ctx, from))
	}
	if err != nil {
		return nil, err
	}
	return s.arrive(ctx, t, proof)
}

// arrive sends the browser on to where its person stands.
func (s signOn) arrive(ctx context.Context, t auth.Trip, proof auth.Proof) (*endpoint.Redirect, error) {
	a, err := s.auth.Arrive(ctx, t, proof, endpoint.ClientAddress(ctx), s.newcomer)
	switch {
	case errors.Is(err, auth.ErrNoCompany):
		return endpoint.To(loginPage + "problem=no-company"), nil
	case err != nil:
		return nil, err
	case a.Linked:
		return endpoint.To(profilePage + "linked=" + t.Provider), nil
	case a.Waiting:
		return endpoint.To(waitingPage), nil
	}
	endpoint.SetCookie(ctx, codeCookie, a.Cookie, time.Minute)
	return endpoint.To(loginPage + url.Values{"code": {a.Code}}.Encode()), nil
}

// codeCookie is what the browser that came back shows with the code.
const codeCookie = "__Host-signed-on"

// Redemption is the code of a sign-on.
type Redemption struct {
	Code       string `json:"code" maxLength:"100" example:"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0" doc:"From the address of the page."`
	CustomerID string `json:"customer_id,omitempty" maxLength:"9" doc:"The company, for a member of several."`
	endpoint.Session
}

func (s signOn) redeem(ctx context.Context, in *struct{ Body Redemption }) (TokenPair, error) {
	if err := in.Body.Check(ctx); err != nil {
		return TokenPair{}, err
	}
	t, err := s.auth.Redeem(ctx, auth.Redemption{
		Code: in.Body.Code, CustomerID: in.Body.CustomerID, Cookie: endpoint.Cookie(ctx, codeCookie), Address: endpoint.ClientAddress(ctx),
	})
	return pair(ctx, in.Body.Session, t, err)
}

// An Identity is a sign-on that is linked with the own account.
type Identity struct {
	ID        int64      `json:"id" db:"id"`
	Provider  string     `json:"provider" db:"provider" enum:"google,microsoft"`
	Email     *string    `json:"email" db:"email" doc:"As the provider named it when it was linked."`
	CreatedAt field.Time `json:"created_at" db:"created_at"`
}

const identitiesSQL = `
select i.id, i.provider, i.email, i.created_at, count(*) over () as total
from platform.identities i
where i.user_id = (select tenancy.user_id())
order by i.provider, i.id
limit @limit offset @offset`

func identities(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Identity, int64, error) {
	return db.Page[Identity](ctx, tx, identitiesSQL, db.Struct(in))
}

// A person's own; PostgreSQL lets nobody but an Admin delete another's.
const unlinkSQL = `
delete from platform.identities i
where i.id = @id
  and i.user_id = (select tenancy.user_id())
returning i.provider`

// Whoever has none left has no way in where the company takes no passwords.
const stuckSQL = `
select c.sign_on_only and not exists (select from platform.identities i where i.user_id = (select tenancy.user_id()))
from platform.customers c`

func unlink(ctx context.Context, tx db.Tx, in *struct {
	IdentityID int64 `path:"identity_id" ref:"identities" minimum:"1" doc:"The sign-on."`
},
) (out endpoint.Message, err error) {
	provider, err := db.Value[string](ctx, tx, unlinkSQL, db.Args{"id": in.IdentityID})
	if err != nil {
		return out, endpoint.Missing(err, "sign-on")
	}
	stuck, err := db.Value[bool](ctx, tx, stuckSQL)
	if err == nil && stuck {
		err = endpoint.Conflict("the company takes no passwords, and this is your last sign-on: link another one first")
	}
	endpoint.Note(ctx, "identity", in.IdentityID, map[string]any{"provider": provider})
	return endpoint.Message{Message: "Sign-on unlinked"}, err
}

// SignOnPolicy is how the people of a company come in.
type SignOnPolicy struct {
	SignOnOnly bool `json:"sign_on_only" db:"sign_on_only" example:"false" doc:"The company takes no passwords."`
}

const policySQL = `select c.sign_on_only from platform.customers c`

func policy(ctx context.Context, tx db.Tx, _ *endpoint.None) (SignOnPolicy, error) {
	return db.One[SignOnPolicy](ctx, tx, policySQL)
}

const signsOnSQL = `select exists (select from platform.identities i where i.user_id = (select tenancy.user_id()))`

const setPolicySQL = `update platform.customers set sign_on_only = @sign_on_only`

func setPolicy(ctx context.Context, tx db.Tx, in *struct{ Body SignOnPolicy }) (SignOnPolicy, error) {
	if in.Body.SignOnOnly && !endpoint.Caller(ctx).Acting() {
		signsOn, err := db.Value[bool](ctx, tx, signsOnSQL)
		if err == nil && !signsOn {
			err = endpoint.Conflict("link a sign-on with your own account first, or you could not come in any more")
		}
		if err != nil {
			return in.Body, err
		}
	}
	endpoint.Note(ctx, "customer", endpoint.Caller(ctx).CustomerID(), map[string]any{"sign_on_only": in.Body.SignOnOnly})
	return in.Body, db.Touch(ctx, tx, setPolicySQL, db.Struct(in.Body))
}
