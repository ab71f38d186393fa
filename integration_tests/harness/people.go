package harness

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// Chosen is the password that Accept chooses.
const Chosen = "a password that was chosen"

// Accept accepts an invitation with the password Chosen.
func (p *Portal) Accept(token string) Answer {
	p.T.Helper()
	return p.Do("POST", "/api/invitations/accept", "", map[string]string{"token": token, "password": Chosen})
}

// LoginWith logs in with a password.
func (p *Portal) LoginWith(email, secret string) Answer {
	p.T.Helper()
	return p.Do("POST", "/api/login/", "", url.Values{"username": {email}, "password": {secret}})
}

// Login logs in with the password of all; customer may be empty.
func (p *Portal) Login(email, customer string) Answer {
	p.T.Helper()
	return p.Do("POST", "/api/login/", "", url.Values{"username": {email}, "password": {Password}, "customer_id": {customer}})
}

// A Pair is what a log-in or a refresh gives.
type Pair struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
}

// Session opens a new session of a person with the password of all.
func (p *Portal) Session(email string) (s Pair) {
	p.T.Helper()
	p.Login(email, "").Want(p.T, http.StatusOK).JSON(p.T, &s)
	return s
}

// Token is the access token of a company's person of that role; auth.SuperAdmin is the operator's. A portal on a clone
// of the template has it from there, another logs in once.
func (p *Portal) Token(company, role string) string {
	p.T.Helper()
	who, customer := whoIs(company, role)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Tokens[who] == "" {
		var s Pair
		p.Login(who, customer).Want(p.T, http.StatusOK).JSON(p.T, &s)
		p.Tokens[who] = s.AccessToken
	}
	return p.Tokens[who]
}

// Scopes are all that a service's key may have.
var Scopes = []string{"error-report", "events"}

// A ServiceKey is what an Admin is shown of a key that he makes.
type ServiceKey struct {
	KeyID        int64  `json:"key_id"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// NewServiceKey has a company's Admin make a key.
func (p *Portal) NewServiceKey(company string, scopes ...string) (key ServiceKey) {
	p.T.Helper()
	p.Do("POST", "/n8n/auth/keys", p.Token(company, auth.Admin), map[string]any{"name": "Robot", "scopes": scopes}).Want(p.T, http.StatusOK).JSON(p.T, &key)
	return key
}

// Show changes a service's key for a token.
func (p *Portal) Show(key ServiceKey) Answer {
	p.T.Helper()
	return p.Do("POST", "/n8n/auth/token", "", map[string]any{"client_id": key.ClientID, "client_secret": key.ClientSecret})
}

// ServiceToken is a token of a service in a company, by a key of its own.
func (p *Portal) ServiceToken(company string, scopes ...string) string {
	p.T.Helper()
	var access struct {
		AccessToken string `json:"access_token"`
	}
	p.Show(p.NewServiceKey(company, scopes...)).Want(p.T, http.StatusOK).JSON(p.T, &access)
	return access.AccessToken
}

// whoIs is what the person of that role logs in with.
func whoIs(company, role string) (email, customer string) {
	if role == auth.SuperAdmin {
		return Operator, auth.PlatformID
	}
	return Email(company, role), company
}

// tokensTable is beside the template, so that whoever finds the one finds the other.
const tokensTable = "tokens_of_the_template"

// logIn opens a session of everybody in the template, and keeps the tokens: a test that only wants to be somebody
// spends no hash on it.
func logIn(ctx context.Context) error {
	url := func(role string) string { return Suite.Cluster.URL(role, Suite.Template) }
	d, err := db.Open(ctx, db.Config{App: url("portal_app"), Auth: url("portal_auth"), Platform: url("portal_platform")})
	if err != nil {
		return err
	}
	defer d.Close()
	a := auth.New(d, Suite.Keys, auth.Config{})
	statements := []string{"create table " + tokensTable + " (email text primary key, token text not null)"}
	for _, company := range []string{CompanyA, CompanyB} {
		for _, role := range append([]string{auth.SuperAdmin}, Roles...) {
			email, customer := whoIs(company, role)
			t, err := a.Login(ctx, auth.Credentials{Email: email, Password: Password, CustomerID: customer})
			if err != nil {
				return fmt.Errorf("log in as %s: %w", email, err)
			}
			statements = append(statements, fmt.Sprintf("insert into %s values ('%s', '%s') on conflict do nothing", tokensTable, email, t.Access))
		}
	}
	return Execute(ctx, Suite.Cluster.URL("", "postgres"), statements...)
}

func readTokens(ctx context.Context) (map[string]string, error) {
	conn, err := pgx.Connect(ctx, Suite.Cluster.URL("", "postgres"))
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	tokens := map[string]string{}
	var email, token string
	rows, _ := conn.Query(ctx, "select email, token from "+tokensTable)
	_, err = pgx.ForEachRow(rows, []any{&email, &token}, func() error { tokens[email] = token; return nil })
	return tokens, err
}

// SeedPerson adds a member with the password of all, whose address is confirmed.
func (p *Portal) SeedPerson(company, name, email, role, status string) (id int64) {
	p.T.Helper()
	id = Query[int64](p, `insert into portal.users (customer_id, name, email, role, status) values ($1, $2, $3, $4, $5) returning id`,
		company, name, email, role, status)
	p.Exec(`update platform.logins set confirmed_at = now(),
		password_hash = (select password_hash from platform.logins where customer_id = $1 and password_hash is not null limit 1)
		where user_id = $2`, CompanyA, id)
	return id
}
