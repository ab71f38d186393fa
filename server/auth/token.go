package auth

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

const (
	issuer   = "contractor-portal"
	audience = "contractor-portal-api"
	// tokenType keeps other signed things from being taken for an access token (RFC 9068).
	tokenType    = "at+jwt"
	maxTokenSize = 4096 // bytes
)

// ErrToken means that a token is not one of ours, or over.
var ErrToken = errors.New("token refused")

// claims are the payload of an access token.
type claims struct {
	Subject    string `json:"sub"` // the user's or operator's id, or that of a service's key
	Role       string `json:"role"`
	CustomerID string `json:"customer_id,omitempty"`
	ActingAs   bool   `json:"acting_as,omitempty"`
	Scope      string `json:"scope,omitempty"` // of a service, separated by spaces (RFC 8693)
	Email      string `json:"email"`
	Name       string `json:"name"`
	ID         string `json:"jti"`
	Session    string `json:"sid"`
	Issuer     string `json:"iss"`
	Audience   string `json:"aud"`
	IssuedAt   int64  `json:"iat"`
	ExpiresAt  int64  `json:"exp"`
}

// issue signs an access token for the principal.
func (k *Keys) issue(p *Principal, lifetime time.Duration) (string, error) {
	now := time.Now()
	c := claims{
		Subject: strconv.FormatInt(max(p.userID, p.operatorID, p.serviceID), 10), Role: p.role, CustomerID: p.customerID,
		ActingAs: p.Acting(), Scope: strings.Join(p.scopes, " "), Email: p.email, Name: p.name, ID: uuid.NewString(), Session: p.sessionID,
		Issuer: issuer, Audience: audience, IssuedAt: now.Unix(), ExpiresAt: now.Add(lifetime).Unix(),
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	headers := jws.NewHeaders()
	if err := headers.Set(jws.TypeKey, tokenType); err != nil {
		return "", err
	}
	token, err := jws.Sign(asciiJSON(payload), jws.WithKey(jwa.EdDSA, k.current().signing, jws.WithProtectedHeaders(headers)))
	return string(token), err
}

// asciiJSON escapes what a browser's atob would not survive: characters beyond ASCII, and the three
// printable ones whose low six bits give '-' or '_' in base64url. They can stand in strings only.
func asciiJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		case r >= 0x7e || r == '>' || r == '?':
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, byte(r)) //nolint:gosec // below 0x7e
		}
	}
	return out
}

// verified is what was found out about a token, which holds until it expires.
type verified struct {
	principal *Principal
	expires   time.Time
}

// Verify checks an access token and returns its caller: signature by one of our keys with EdDSA and
// nothing else, type, issuer, audience, time, and the shape of every claim. Whether the person, the
// session and the customer are still what the token says is decided by PostgreSQL at each entry.
//
// A token that was good is remembered, by its hash, until it expires or the keys change: each request
// of a session brings the same one, and its signature would cost more than all else that is done.
func (k *Keys) Verify(token string) (*Principal, error) {
	if len(token) > maxTokenSize {
		return nil, ErrToken
	}
	set, hash := k.current(), sha256.Sum256([]byte(token))
	if known, ok := set.tokens.Get(hash); ok && time.Now().Before(known.expires) {
		return known.principal, nil
	}
	v, err := k.verify(set, token)
	if err != nil {
		return nil, err
	}
	set.tokens.Add(hash, v)
	return v.principal, nil
}

func (k *Keys) verify(set *keySet, token string) (v verified, err error) {
	message, err := jws.Parse([]byte(token), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return v, ErrToken
	}
	header := message.Signatures()[0].ProtectedHeaders()
	if header.Algorithm() != jwa.EdDSA || header.Type() != tokenType || len(header.Critical()) > 0 {
		return v, ErrToken
	}
	key, known := set.public.LookupKeyID(header.KeyID())
	if !known {
		// Signed after a rotation that this server has not seen yet?
		if key, known = k.reload().public.LookupKeyID(header.KeyID()); !known {
			return v, ErrToken
		}
	}
	parsed, err := jwt.Parse([]byte(token), jwt.WithKey(jwa.EdDSA, key), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(jwt.IssuedAtKey), jwt.WithRequiredClaim(jwt.SubjectKey))
	if err != nil {
		return v, ErrToken
	}
	v.expires = parsed.Expiration()
	v.principal, err = principal(parsed)
	return v, err
}

// customerForm is that of platform.customers.
var customerForm = regexp.MustCompile(`^[A-Z0-9]{8,9}$`)

func principal(t jwt.Token) (*Principal, error) {
	text := func(name string) string {
		s, _ := t.PrivateClaims()[name].(string)
		return s
	}
	id, err := strconv.ParseInt(t.Subject(), 10, 64)
	if err != nil || id <= 0 {
		return nil, ErrToken
	}
	session, err := uuid.Parse(text("sid"))
	if err != nil {
		return nil, ErrToken
	}
	p := &Principal{
		customerID: text("customer_id"), role: text("role"), email: text("email"), name: text("name"),
		sessionID: session.String(),
	}
	if p.customerID != "" && !customerForm.MatchString(p.customerID) {
		return nil, ErrToken
	}
	acting, _ := t.PrivateClaims()["acting_as"].(bool)
	switch {
	case acting && p.customerID != "" && p.role == Admin:
		p.operatorID = id
	case !acting && p.customerID == "" && p.role == SuperAdmin:
		p.operatorID = id
	case !acting && p.customerID != "" && p.role == Service:
		p.serviceID, p.scopes = id, strings.Fields(text("scope"))
	case !acting && p.customerID != "" && slices.Contains(Roles, p.role):
		p.userID = id
	default:
		return nil, ErrToken
	}
	return p, nil
}
