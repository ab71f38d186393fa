// Package connect lets a company connect the portal with another company's system: the way to that company's page and back
// (OAuth 2.0), and the tokens after it, which are sealed, refreshed by one at a time, and taken back at the end.
package connect

import (
	"context"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbound"
	"contractor-portal/server/vault"
)

// A Provider is another company's system.
type Provider struct {
	Purpose string // of tenancy.begin_connection; paths begin with it
	Name    string // in sentences for people
	Table   string // of portal, where the tokens are
	AuthURL string
	// TokenURL takes the client's secret as HTTP Basic, or where SecretInForm among the fields of its form.
	TokenURL     string
	SecretInForm bool
	Scopes       []string
	Roles        endpoint.Roles
	// Early is how long before its end a token is refreshed.
	Early time.Duration
	// Page is where the callback ends.
	Page string
	// Account asks the provider whose a new connection is; nil: nobody asks. A failure is no reason not to connect.
	Account func(ctx context.Context, access string) (Account, error)
	// Revoke takes the tokens back at the provider; the access token is good. The client is that of Config.Calls.
	Revoke func(ctx context.Context, to *outbound.Provider, client Client, t Tokens) error
}

// A Client is the portal's account at a provider.
type Client struct{ ID, Secret string }

// An Account is a company's at a provider; empty where that has not told.
type Account struct{ ID, Name string }

// Tokens are what a provider gave.
type Tokens struct {
	Access, Refresh string
	ExpiresAt       time.Time
	Scope           string
}

// A Row is tokens as they are stored, one of a company.
type Row struct {
	Access    []byte     `db:"access_token_ciphertext"`
	Refresh   []byte     `db:"refresh_token_ciphertext"`
	ExpiresAt time.Time  `db:"token_expires_at"`
	BrokenAt  *time.Time `db:"broken_at"`
	Account   Account    `db:"-"` // of a new connection
}

// A Store keeps a provider's row. Its statements stand with its table's feature.
type Store interface {
	// Find returns the row; db.ErrNotFound: the company is not connected.
	Find(ctx context.Context, tx db.Tx) (Row, error)
	// Connect stores a new connection, in the place of an older one. The callback's query says more.
	Connect(ctx context.Context, tx db.Tx, r Row, scope string, back Back) error
	// Claim makes everybody else wait for new tokens until a time; false: somebody else refreshes them, or has since they
	// were found with that end.
	Claim(ctx context.Context, tx db.Tx, end, until time.Time) (bool, error)
	// Renew stores refreshed tokens, and ends the claim. Where there is no claim any more, somebody has connected anew
	// meanwhile, and his tokens stay.
	Renew(ctx context.Context, tx db.Tx, r Row) error
	// Break notes that the provider takes the tokens no more, and ends the claim; without one, as for Renew.
	Break(ctx context.Context, tx db.Tx) error
	// Remove deletes the row.
	Remove(ctx context.Context, tx db.Tx) error
}

// Back is what the provider's page sent somebody back with.
type Back struct {
	endpoint.Return
	RealmID string `query:"realmId" maxLength:"255" doc:"The company at QuickBooks."`
}

// Units opens units of work inside the caller's customer: an operation's, or a job's.
type Units interface {
	Read(ctx context.Context, fn func(context.Context, db.Tx) error) error
	Write(ctx context.Context, fn func(context.Context, db.Tx) error) error
}

// Config is what all connections share.
type Config struct {
	Vault *vault.Vault
	Calls *outbound.Calls
	// Client returns the portal's account at a provider by its purpose; empty where there is none.
	Client func(ctx context.Context, tx db.Tx, purpose string) (Client, error)
}

// A Connection is a provider and how to come to it.
type Connection struct {
	Provider
	cfg   Config
	store Store
	calls *outbound.Provider
}

// New returns a Connection.
func New(cfg Config, p Provider, s Store) *Connection {
	return &Connection{Provider: p, cfg: cfg, store: s, calls: cfg.Calls.Provider(p.Name, callTime)}
}

// callTime is how long the provider may take for an answer.
const callTime = 15 * time.Second

// Routes registers connecting, coming back, and disconnecting.
func (c *Connection) Routes(api endpoint.API) {
	at, id := "/"+c.Purpose, strings.ReplaceAll(c.Name, " ", "")
	endpoint.Consult(api, http.MethodGet, at+"/connect", "connect"+id, "Begin to connect with "+c.Name, c.begin, c.Roles.Own(),
		endpoint.Describe("The browser goes to authorization_url within five minutes, and comes back to "+at+"/callback."))
	endpoint.Callback(api, c.Purpose, at+"/callback", "finishConnecting"+id, "Where "+c.Name+" sends people back", c.finish)
	endpoint.Consult(api, http.MethodPost, at+"/disconnect", "disconnect"+id, "End the connection with "+c.Name, c.disconnect, c.Roles.Own(), endpoint.Keyed)
}

// A Leaving is where a person goes to connect.
type Leaving struct {
	AuthorizationURL string `json:"authorization_url"`
}

const featureSQL = `select coalesce(c.features -> @feature::text = 'true', false) from platform.customers c`

// Admits refuses with 403 a company whose plan is without the provider.
func (c *Connection) Admits(ctx context.Context, tx db.Tx) error {
	has, err := db.Value[bool](ctx, tx, featureSQL, db.Args{"feature": c.Purpose})
	if err == nil && !has {
		err = endpoint.Forbidden("the company's plan is without the feature " + c.Purpose)
	}
	return err
}

// Ready tells whether the provider can be called. Errors: 403, 503 and those of Token.
func (c *Connection) Ready(ctx context.Context, tx db.Tx) error {
	_, _, err := c.find(ctx, tx)
	return err
}

func (c *Connection) find(ctx context.Context, tx db.Tx) (cfg *oauth2.Config, row Row, err error) {
	if cfg, err = c.config(ctx, tx); err == nil {
		row, err = c.store.Find(ctx, tx)
	}
	if err == nil && row.BrokenAt != nil {
		err = c.Broken()
	}
	return cfg, row, endpoint.Missing(err, "connection with "+c.Name)
}

// config is the client of the OAuth library.
func (c *Connection) config(ctx context.Context, tx db.Tx) (*oauth2.Config, error) {
	if err := c.Admits(ctx, tx); err != nil {
		return nil, err
	}
	client, err := c.cfg.Client(ctx, tx, c.Purpose)
	if err != nil {
		return nil, err
	}
	if client.ID == "" || client.Secret == "" {
		return nil, endpoint.Unavailable("the portal has no account at " + c.Name + ": its client id and secret are not set")
	}
	style := oauth2.AuthStyleInHeader
	if c.SecretInForm {
		style = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: client.ID, ClientSecret: client.Secret, Scopes: c.Scopes,
		Endpoint:    oauth2.Endpoint{AuthURL: c.AuthURL, TokenURL: c.TokenURL, AuthStyle: style},
		RedirectURL: endpoint.PublicURL(ctx) + "/" + c.Purpose + "/callback",
	}, nil
}

func (c *Connection) begin(ctx context.Context, work endpoint.Work, _ *endpoint.None) (d Leaving, err error) {
	browser := auth.NewBrowser()
	err = work.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		cfg, err := c.config(ctx, tx)
		if err != nil {
			return err
		}
		d.AuthorizationURL = cfg.AuthCodeURL(browser.State())
		return browser.Leave(ctx, tx, c.Purpose)
	})
	if err == nil {
		endpoint.SetTravelCookie(ctx, endpoint.TravelCookie(c.Purpose), browser.Cookie(), 5*time.Minute)
	}
	return d, err
}

func (c *Connection) finish(ctx context.Context, work endpoint.Work, in *Back) (*endpoint.Redirect, error) {
	// His role may be another one by now.
	if err := c.Roles.Own().Admit(endpoint.Caller(ctx)); err != nil {
		return nil, err
	}
	if in.Error != "" || in.Code == "" {
		// The state is used up all the same.
		err := work.Write(ctx, func(context.Context, db.Tx) error { return nil })
		return endpoint.To(c.Page + "?connected=false"), err
	}
	var cfg *oauth2.Config
	err := work.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		cfg, err = c.config(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	token, err := cfg.Exchange(c.through(ctx), in.Code)
	if err != nil {
		return nil, c.refused(err, "the code that it gave")
	}
	row, err := c.seal(ctx, tokens(token))
	if err != nil {
		return nil, err
	}
	if c.Account != nil {
		row.Account, _ = c.Account(ctx, token.AccessToken)
	}
	scope, _ := token.Extra("scope").(string)
	err = work.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := c.store.Connect(ctx, tx, row, scope, *in); err != nil {
			return err
		}
		return auth.Record(ctx, tx, auth.Deed{Action: c.Purpose + ".connected", ObjectType: c.Purpose})
	})
	if err != nil {
		return nil, err
	}
	return endpoint.To(c.Page + "?connected=true"), nil
}

// disconnect ends a connection whether or not the provider can be told.
func (c *Connection) disconnect(ctx context.Context, work endpoint.Work, _ *endpoint.None) (done endpoint.Done, err error) {
	var client Client
	err = work.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := c.Admits(ctx, tx); err != nil {
			return err
		}
		if _, err := c.store.Find(ctx, tx); err != nil {
			return err
		}
		client, err = c.cfg.Client(ctx, tx, c.Purpose)
		return err
	})
	if err != nil {
		return done, endpoint.Missing(err, "connection with "+c.Name)
	}
	done = endpoint.Done{OK: true, Message: "Disconnected from " + c.Name}
	t, err := c.fresh(ctx, work, "")
	if err == nil {
		err = c.Revoke(ctx, c.calls, client, t)
	}
	if err != nil {
		done.Message += "; " + c.Name + " could not be told: remove the portal among the apps there, too"
	}
	return done, endpoint.Writing(done)(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := c.store.Remove(ctx, tx); err != nil {
			return err
		}
		return auth.Record(ctx, tx, auth.Deed{Action: c.Purpose + ".disconnected", ObjectType: c.Purpose})
	})
}
