// Package settings keeps the keys with which a company and its people call other services. A key is a person's own,
// the company's, or the operator's for all companies, and the first of these counts. The table is portal.api_keys; it
// holds what package vault has sealed.
package settings

import (
	"context"
	"errors"
	"net/url"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/vault"
)

// Keys finds and keeps keys.
type Keys struct {
	vault    *vault.Vault
	operator map[string]string // by name: what the portal's operator gives to all companies
}

// New returns the keys that a vault opens, with those of the portal's operator.
func New(v *vault.Vault, operator map[string]string) *Keys { return &Keys{v, operator} }

// Routes registers the operations of this package.
func Routes(api endpoint.API, k *Keys) {
	writers := endpoint.Members.Own() // who acts inside a company has no key there
	endpoint.List(api, "/settings/api-keys/", "listApiKeys", "List the stored keys: the own ones, and for an Admin the company's", list, endpoint.Members,
		endpoint.Describe("No secret is shown but its last four characters, and nothing of one with fewer than 12."))
	endpoint.Get(api, "/settings/api-keys/{key_name}", "getApiKey", "One key, and where it comes from", k.get, endpoint.Members,
		endpoint.Describe("The own key counts, then the company's, then that of the portal's operator. Only an Admin is told of the latter two, but for the "+
			"token of the map, which a page cannot do without: it is shown to everybody, and in full."))
	endpoint.Post(api, "/settings/api-keys/", "setApiKey", "Store a key", k.set, writers, endpoint.Audited("api_key.set"),
		endpoint.Describe("An Admin stores the company's, or with user_id a person's. Everybody else stores his own."))
	endpoint.Delete(api, "/settings/api-keys/{key_name}", "deleteApiKey", "Delete a key", remove, writers, endpoint.Audited("api_key.deleted"),
		endpoint.Describe("An Admin deletes the company's, or with user_id a person's. Everybody else deletes his own."))
	endpoint.Get(api, "/settings/available-integrations/", "listIntegrations", "The services that the portal can use, and whether each has its key", k.integrations, endpoint.Only(auth.Admin))
}

// A StoredKey is a row of portal.api_keys, without its secret.
type StoredKey struct {
	KeyName      string     `json:"key_name" db:"key_name"`
	MaskedValue  string     `json:"masked_value" db:"masked_value" example:"****9f3c" doc:"The last four characters; none of a value shorter than 12."`
	IsConfigured bool       `json:"is_configured" db:"is_configured" doc:"true."`
	UserID       *int64     `json:"user_id" db:"user_id" doc:"Whose it is; null: the company's."`
	Level        string     `json:"level" db:"level" doc:"own or company."`
	UpdatedAt    field.Time `json:"updated_at" db:"updated_at"`
}

const listSQL = `
select k.key_name, '****' || coalesce(k.key_last_four, '') as masked_value, true as is_configured, k.user_id,
  case when k.user_id is null then 'company' else 'own' end as level, k.updated_at,
  count(*) over () as total
from api_keys k
where k.user_id = @user or (k.user_id is null and @admin)
order by k.key_name, k.user_id nulls first
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]StoredKey, int64, error) {
	caller := endpoint.Caller(ctx)
	return db.Page[StoredKey](ctx, tx, listSQL, db.Args{"user": caller.UserID(), "admin": isAdmin(ctx), "limit": in.Limit, "offset": in.Offset})
}

func isAdmin(ctx context.Context) bool { return endpoint.Caller(ctx).Role() == auth.Admin }

// KeyName names a key in a path.
type KeyName struct {
	KeyName string `path:"key_name" enum:"openai_api_key,anthropic_api_key,openweather_api_key,mapbox_token,twilio_account_sid,twilio_auth_token,twilio_phone_number,quickbooks_client_id,quickbooks_client_secret,gmail_address,gmail_app_password,n8n_webhook_url" doc:"The key."`
}

// A Key is one key, as its caller may see it.
type Key struct {
	KeyValue     *string `json:"key_value" example:"****9f3c" doc:"Masked, nothing of the operator's; the map's token in full. null where there is none."`
	IsConfigured bool    `json:"is_configured"`
	Level        *Level  `json:"level" example:"company" doc:"own, company, or operator; null where there is none."`
}

const (
	mapToken   = "mapbox_token"
	textNumber = "twilio_phone_number"

	signingToken = "twilio_auth_token"
)

// Nothing is opened but what is shown in full.
func (k *Keys) get(ctx context.Context, tx db.Tx, in *KeyName) (Key, error) {
	row, from, err := k.find(ctx, tx, in.KeyName)
	isMap := in.KeyName == mapToken
	if err != nil || from == "" || !isMap && from != Own && !isAdmin(ctx) {
		return Key{}, err
	}
	shown := "****"
	switch {
	case isMap:
		shown, err = k.open(ctx, in.KeyName, row, from)
	case row.LastFour != nil:
		shown += *row.LastFour
	}
	return Key{KeyValue: &shown, IsConfigured: true, Level: &from}, err
}

// NewKey is a key to be stored.
type NewKey struct {
	KeyName  string     `json:"key_name" enum:"openai_api_key,anthropic_api_key,openweather_api_key,mapbox_token,twilio_account_sid,twilio_auth_token,twilio_phone_number,quickbooks_client_id,quickbooks_client_secret,gmail_address,gmail_app_password,n8n_webhook_url"`
	KeyValue field.Text `json:"key_value" maxLength:"1000" format:"password" writeOnly:"true" doc:"The secret. It is sealed, and never shown again."`
	UserID   *int64     `json:"user_id,omitempty" ref:"users" minimum:"1" doc:"Whose it is. Without it an Admin stores the company's, everybody else his own."`
}

// KeyStored is the answer to a stored key.
type KeyStored struct {
	Message string `json:"message"`
	KeyName string `json:"key_name"`
}

// A person is looked up, so that one of another company is as absent here as everywhere.
const setSQL = `
insert into api_keys (key_name, key_ciphertext, key_last_four, user_id)
select @name, @sealed, @last, @user::bigint
where @user::bigint is null or exists (select from users u where u.id = @user::bigint)
on conflict (customer_id, key_name, user_id) do update
set key_ciphertext = excluded.key_ciphertext, key_last_four = excluded.key_last_four`

func (k *Keys) set(ctx context.Context, tx db.Tx, in *struct{ Body NewKey }) (KeyStored, error) {
	b := in.Body
	user, err := owner(ctx, b.UserID)
	if err != nil {
		return KeyStored{}, err
	}
	if b.KeyName == textNumber {
		number, err := field.ParsePhone(string(b.KeyValue))
		if err != nil {
			return KeyStored{}, endpoint.InvalidField("key_value", err.Error())
		}
		b.KeyValue = field.Text(number)
	}
	if b.KeyName == webhook && !isSecure(string(b.KeyValue)) {
		return KeyStored{}, endpoint.InvalidField("key_value", "expected an address that begins with https:// and a host")
	}
	sealed, err := k.vault.Seal(place(ctx, b.KeyName, user), string(b.KeyValue))
	if err != nil {
		return KeyStored{}, unopened(err, b.KeyName)
	}
	endpoint.Note(ctx, "api_key", b.KeyName, map[string]any{"user_id": user})
	err = db.Touch(ctx, tx, setSQL, db.Args{"name": b.KeyName, "sealed": sealed, "last": vault.LastFour(string(b.KeyValue)), "user": user})
	if err != nil {
		return KeyStored{}, endpoint.Missing(err, "user")
	}
	return KeyStored{"Key stored", b.KeyName}, claim(ctx, tx, b.KeyName, user, new(string(b.KeyValue)))
}

const claimSQL = `call tenancy.claim_number(null, @number)`

// claim keeps the number to which the company gets text messages equal to the key that says from which it sends them; nil
// is none.
func claim(ctx context.Context, tx db.Tx, name string, user *int64, number *string) error {
	if name != textNumber || user != nil {
		return nil
	}
	claimed, err := db.Value[bool](ctx, tx, claimSQL, db.Args{"number": number})
	if err == nil && !claimed {
		return endpoint.Conflict("this number sends text messages for somebody else in the portal; whoever owns it can ask the portal's operator")
	}
	return err
}

// webhook is the one key that is an address.
const webhook = "n8n_webhook_url"

// isSecure tells whether an address may be called. Where its host leads is looked at by whoever calls.
func isSecure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
}

// Keep seals a key that the portal has made, as the company's.
func (k *Keys) Keep(ctx context.Context, tx db.Tx, name, secret string) error {
	sealed, err := k.vault.Seal(place(ctx, name, nil), secret)
	if err != nil {
		return unopened(err, name)
	}
	return db.Touch(ctx, tx, setSQL, db.Args{"name": name, "sealed": sealed, "last": vault.LastFour(secret), "user": nil})
}

// owner is whose key a caller means: nil is the company.
func owner(ctx context.Context, named *int64) (*int64, error) {
	caller := endpoint.Caller(ctx)
	own := caller.UserID()
	switch {
	case isAdmin(ctx):
		return named, nil
	case named == nil, *named == own:
		return &own, nil
	}
	return nil, endpoint.Forbidden("only an Admin may change another person's key")
}

func place(ctx context.Context, name string, user *int64) vault.Place {
	return vault.Place{Customer: endpoint.Caller(ctx).CustomerID(), Table: "api_keys", Column: "key_ciphertext", Name: name, User: user}
}

// unopened says that a key is stored and of no use, without any of it. The reason is for the log.
func unopened(err error, name string) error {
	return errors.Join(endpoint.Unavailable("the key "+name+" cannot be sealed or opened here; the portal's operator can tell why"), err)
}

type removal struct {
	KeyName
	UserID int64 `query:"user_id" ref:"users" minimum:"1" doc:"Whose key an Admin deletes; without it the company's."`
}

const removeSQL = `delete from api_keys where key_name = @name and user_id is not distinct from @user`

func remove(ctx context.Context, tx db.Tx, in *removal) (endpoint.Message, error) {
	var named *int64
	if in.UserID != 0 {
		named = &in.UserID
	}
	user, err := owner(ctx, named)
	if err != nil {
		return endpoint.Message{}, err
	}
	endpoint.Note(ctx, "api_key", in.KeyName.KeyName, map[string]any{"user_id": user})
	if err := db.Touch(ctx, tx, removeSQL, db.Args{"name": in.KeyName.KeyName, "user": user}); err != nil {
		return endpoint.Message{}, endpoint.Missing(err, "key")
	}
	return endpoint.Message{Message: "Key deleted"}, claim(ctx, tx, in.KeyName.KeyName, user, nil)
}
