package login

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/outbound"
)

// A Client is the portal's account at a provider, which says who somebody is.
type Client struct {
	Issuer string // empty: the usual one
	ID     string
	Secret string
}

// A provider says who somebody is (OpenID Connect 1.0).
type provider struct {
	Client
	template string // of the issuers of its tokens
	name     string // in sentences
	calls    *outbound.Provider
	// prove reads the claims of a genuine token.
	prove func(claims) (auth.Proof, error)

	mu    sync.Mutex
	found *oidc.Provider
}

// callTime is how long a provider may take for an answer.
const callTime = 10 * time.Second

const (
	googleIssuer    = "https://accounts.google.com"
	microsoftIssuer = "https://login.microsoftonline.com/common/v2.0"
	anyTenant       = "{tenantid}"
)

// providers are those that the contract names.
func providers(cfg SignOn) map[string]*provider {
	all := map[string]*provider{
		"google":    {Client: cfg.Google, name: "Google", prove: ofGoogle},
		"microsoft": {Client: cfg.Microsoft, name: "Microsoft", prove: ofMicrosoft},
	}
	for name, usual := range map[string]string{"google": googleIssuer, "microsoft": microsoftIssuer} {
		p := all[name]
		if p.Issuer == "" {
			p.Issuer = usual
		}
		p.template = p.Issuer
		if name == "microsoft" { // the tokens of each tenant have an issuer of their own
			p.template = strings.Replace(p.Issuer, "/common/", "/"+anyTenant+"/", 1)
		}
		if cfg.Calls != nil { // there is none where only the document is made
			p.calls = cfg.Calls.Provider(p.name, callTime)
		}
	}
	return all
}

// through has the libraries call as every call of the portal does.
func (p *provider) through(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.calls.Client)
}

// discover is what the provider says of itself, asked for until it has answered once.
func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	found, err := oidc.NewProvider(oidc.InsecureIssuerURLContext(p.through(ctx), p.template), p.Issuer)
	if err != nil {
		return nil, p.calls.Failed(err)
	}
	var said struct {
		Issuer string `json:"issuer"`
	}
	if err := found.Claims(&said); err != nil || said.Issuer != p.template {
		return nil, p.calls.Wrong(p.name + " says that it is somebody else")
	}
	p.found = found
	return found, nil
}

// config is the OAuth client, with a callback of this provider's own.
func (p *provider) config(ctx context.Context, name string) (*oauth2.Config, *oidc.Provider, error) {
	if p.ID == "" || p.Secret == "" || endpoint.PublicURL(ctx) == "" {
		return nil, nil, endpoint.NotFound("way in: signing on with " + p.name + " is not set up here; log in with e-mail and password")
	}
	found, err := p.discover(ctx)
	if err != nil {
		return nil, nil, err
	}
	at := found.Endpoint()
	at.AuthStyle = oauth2.AuthStyleInParams
	return &oauth2.Config{
		ClientID: p.ID, ClientSecret: p.Secret, Endpoint: at, Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
		RedirectURL: endpoint.PublicURL(ctx) + "/auth/" + name + "/callback",
	}, found, nil
}

// errDisproved is for everything that a provider or its token does not say as it must. What it was is nobody's business.
var errDisproved = errors.New("not confirmed")

// exchange changes a code for the proof of who somebody is. Errors: errDisproved; *outbound.Error.
func (p *provider) exchange(ctx context.Context, t auth.Trip, code string) (proof auth.Proof, err error) {
	cfg, found, err := p.config(ctx, t.Provider)
	if err != nil {
		return proof, err
	}
	token, err := cfg.Exchange(p.through(ctx), code, oauth2.VerifierOption(t.Verifier()))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500 {
		return proof, errDisproved
	}
	if err != nil {
		return proof, p.calls.Failed(err)
	}
	raw, _ := token.Extra("id_token").(string)
	c, err := p.verify(ctx, found, raw, t.Nonce())
	if err != nil {
		return proof, err
	}
	proof, err = p.prove(c)
	proof.Provider = t.Provider
	return proof, err
}

// verify is what a token says that this provider signed for this client, in this trip.
func (p *provider) verify(ctx context.Context, found *oidc.Provider, raw, nonce string) (claims, error) {
	verifier := found.Verifier(&oidc.Config{ClientID: p.ID, SupportedSigningAlgs: []string{oidc.RS256}, SkipIssuerCheck: true})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, errDisproved
	}
	var c claims
	var text json.RawMessage
	if err := token.Claims(&text); err != nil || json.Unmarshal(text, &c) != nil {
		return nil, errDisproved
	}
	issuer := strings.Replace(p.template, anyTenant, c.text("tid"), 1)
	switch {
	case token.Issuer != issuer,
		!slices.Equal(token.Audience, []string{p.ID}),
		subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1:
		return nil, errDisproved
	}
	return c, nil
}

// claims are those of a token, under exactly their names.
type claims map[string]any

func (c claims) text(name string) string {
	text, _ := c[name].(string)
	return text
}

// proof is what all providers say alike.
func (c claims) proof(subject string, verified bool) (auth.Proof, error) {
	if subject == "" || len(subject) > 255 {
		return auth.Proof{}, errDisproved
	}
	p := auth.Proof{Subject: subject, Name: shortened(field.Tidy(c.text("name")), 255)}
	said := c.text("email")
	if email, err := field.ParseEmail(said); err == nil && len(email) <= 255 {
		// What is like another address only when it is tidied up is not that address.
		p.Email, p.Verified = string(email), verified && strings.EqualFold(said, string(email)) && isASCII(said)
	}
	if picture := c.text("picture"); strings.HasPrefix(picture, "https://") && len(picture) <= 512 {
		p.Picture = picture
	}
	return p, nil
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

func shortened(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most])
	}
	return text
}

// ofGoogle: the address is verified by a true, and by nothing that looks like one.
func ofGoogle(c claims) (auth.Proof, error) {
	return c.proof(c.text("sub"), c["email_verified"] == true)
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ofMicrosoft: a person is an object of a tenant. The address is whatever the tenant's Admin wrote there, unless the
// optional claim xms_edov says that its domain is the tenant's own.
func ofMicrosoft(c claims) (auth.Proof, error) {
	tenant, object := strings.ToLower(c.text("tid")), strings.ToLower(c.text("oid"))
	if !guid.MatchString(tenant) || !guid.MatchString(object) || c.text("sub") == "" {
		return auth.Proof{}, errDisproved
	}
	edov := c["xms_edov"]
	return c.proof(tenant+"/"+object, edov == true || edov == 1.0 || edov == "1")
}
