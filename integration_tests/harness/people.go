package harness

import (
	"net/http"
	"net/url"

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

// Token is the access token of a company's person of that role; auth.SuperAdmin is the operator's.
func (p *Portal) Token(company, role string) string {
	p.T.Helper()
	who, customer := Operator, auth.PlatformID
	if role != auth.SuperAdmin {
		who, customer = Email(company, role), company
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Tokens[who] == "" {
		var s Pair
		p.Login(who, customer).Want(p.T, http.StatusOK).JSON(p.T, &s)
		p.Tokens[who] = s.AccessToken
	}
	return p.Tokens[who]
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
