package automation

import (
	"context"
	"slices"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// ServiceCredentials are a service's key.
type ServiceCredentials struct {
	ClientID     string `json:"client_id" maxLength:"100" example:"LEGACY001-1"`
	ClientSecret string `json:"client_secret" maxLength:"200" format:"password" writeOnly:"true"`
}

// ServiceAccess is what a service works with until it expires.
type ServiceAccess struct {
	AccessToken string   `json:"access_token" doc:"Send it as a bearer token."`
	TokenType   string   `json:"token_type" example:"bearer"`
	ExpiresIn   int64    `json:"expires_in" example:"900" doc:"Seconds until it is over; the key gives another one."`
	Scopes      []string `json:"scopes" doc:"What it may do."`
}

func (h handlers) token(ctx context.Context, in *struct{ Body ServiceCredentials }) (ServiceAccess, error) {
	t, scopes, err := h.auth.ServiceToken(ctx, in.Body.ClientID, in.Body.ClientSecret)
	return ServiceAccess{t.Access, "bearer", int64(t.ExpiresIn.Seconds()), scopes}, err
}

// A ServiceKey is a row of platform.service_tokens; its secret is stored nowhere.
type ServiceKey struct {
	ID            int64       `json:"id" db:"id"`
	ClientID      string      `json:"client_id" db:"client_id" example:"LEGACY001-1"`
	Name          string      `json:"name" db:"name"`
	Scopes        []string    `json:"scopes" db:"scopes"`
	CreatedAt     field.Time  `json:"created_at" db:"created_at"`
	CreatedBy     *int64      `json:"created_by" db:"created_by"`
	CreatedByName *string     `json:"created_by_name" db:"created_by_name"`
	LastUsedAt    *field.Time `json:"last_used_at" db:"last_used_at" nullable:"true" doc:"When it was last changed for a token."`
	Revoked       bool        `json:"revoked" db:"revoked"`
}

const listKeysSQL = `
select t.id, t.customer_id || '-' || t.id as client_id, t.name, t.scopes, t.created_at, t.created_by, u.name as created_by_name, t.last_used_at,
  t.revoked_at is not null as revoked,
  count(*) over () as total
from platform.service_tokens t
left join users u on (u.customer_id, u.id) = (t.customer_id, t.created_by)
order by t.created_at desc, t.id desc
limit @limit offset @offset`

func listKeys(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]ServiceKey, int64, error) {
	return db.Page[ServiceKey](ctx, tx, listKeysSQL, db.Struct(in))
}

// NewServiceKey says what a key is for.
type NewServiceKey struct {
	Name   field.Text `json:"name" maxLength:"255" example:"n8n"`
	Scopes []string   `json:"scopes" minItems:"1" maxItems:"2" enum:"error-report,events" example:"[\"error-report\",\"events\"]" doc:"What it may do, and nothing else."`
}

// ServiceKeyMade is the answer to who makes a key. The secret is in no other answer.
type ServiceKeyMade struct {
	Message      string   `json:"message"`
	KeyID        int64    `json:"key_id"`
	ClientID     string   `json:"client_id" example:"LEGACY001-1"`
	ClientSecret string   `json:"client_secret" doc:"It is shown this once: store it where the service reads it."`
	Scopes       []string `json:"scopes"`
}

const makeKeySQL = `
insert into platform.service_tokens (name, token_hash, scopes, created_by)
values (@name, @hash, @scopes, tenancy.user_id())
returning id`

func makeKey(ctx context.Context, tx db.Tx, in *struct{ Body NewServiceKey }) (out ServiceKeyMade, err error) {
	if slices.Sort(in.Body.Scopes); len(slices.Compact(slices.Clone(in.Body.Scopes))) < len(in.Body.Scopes) {
		return out, endpoint.InvalidField("scopes", "expected each scope once")
	}
	secret, hash, err := auth.NewServiceKey()
	if err != nil {
		return out, err
	}
	id, err := db.Value[int64](ctx, tx, makeKeySQL, db.Args{"name": in.Body.Name, "hash": hash, "scopes": in.Body.Scopes})
	if err != nil {
		return out, err
	}
	endpoint.Note(ctx, "service_key", id, map[string]any{"name": in.Body.Name, "scopes": in.Body.Scopes})
	return ServiceKeyMade{"Key made", id, auth.ClientID(endpoint.Caller(ctx).CustomerID(), id), secret, in.Body.Scopes}, nil
}

type keyRef struct {
	KeyID int64 `path:"key_id" ref:"service_tokens" minimum:"1" doc:"The key."`
}

// What came in by the key ends with the statement (trigger end_service_sessions).
const revokeKeySQL = `
update platform.service_tokens
set revoked_at = coalesce(revoked_at, now())
where id = @id
returning name`

func revokeKey(ctx context.Context, tx db.Tx, in *keyRef) (endpoint.Message, error) {
	name, err := db.Value[string](ctx, tx, revokeKeySQL, db.Args{"id": in.KeyID})
	endpoint.Note(ctx, "service_key", in.KeyID, map[string]any{"name": name})
	return endpoint.Message{Message: "Key revoked"}, endpoint.Missing(err, "key")
}
