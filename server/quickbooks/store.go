package quickbooks

import (
	"context"
	"regexp"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/connect"
	"contractor-portal/server/endpoint"
)

// store keeps the tokens, for package connect.
type store struct{}

const findSQL = `
select q.access_token_ciphertext, q.refresh_token_ciphertext, q.token_expires_at, q.broken_at
from quickbooks_auth q`

func (store) Find(ctx context.Context, tx db.Tx) (connect.Row, error) {
	return db.One[connect.Row](ctx, tx, findSQL)
}

const connectSQL = `
insert into quickbooks_auth (realm_id, access_token_ciphertext, refresh_token_ciphertext, token_expires_at)
values (@realm, @access, @refresh, @end)
on conflict (customer_id) do update
set realm_id = excluded.realm_id, access_token_ciphertext = excluded.access_token_ciphertext, refresh_token_ciphertext = excluded.refresh_token_ciphertext,
  token_expires_at = excluded.token_expires_at, refreshing_until = null, broken_at = null`

// A company at QuickBooks has a number. It stands in addresses.
var realmForm = regexp.MustCompile(`^[0-9]{1,30}$`)

func (store) Connect(ctx context.Context, tx db.Tx, r connect.Row, _ string, back connect.Back) error {
	if !realmForm.MatchString(back.RealmID) {
		return endpoint.Invalid("QuickBooks did not say which of its companies this is (realmId): begin the connection again")
	}
	_, err := db.Exec(ctx, tx, connectSQL, db.Args{"realm": back.RealmID, "access": r.Access, "refresh": r.Refresh, "end": r.ExpiresAt})
	return err
}

const claimTokensSQL = `
update quickbooks_auth
set refreshing_until = @until
where token_expires_at = @end
  and broken_at is null
  and (refreshing_until is null or refreshing_until <= @now)`

func (store) Claim(ctx context.Context, tx db.Tx, end, until time.Time) (bool, error) {
	n, err := db.Exec(ctx, tx, claimTokensSQL, db.Args{"end": end, "until": until, "now": endpoint.Now(ctx)})
	return n == 1, err
}

// Who has connected anew meanwhile has ended the claim, and keeps his tokens.
const (
	renewSQL = `
update quickbooks_auth
set access_token_ciphertext = @access, refresh_token_ciphertext = @refresh, token_expires_at = @end, refreshing_until = null
where refreshing_until is not null`

	breakSQL = `
update quickbooks_auth
set broken_at = @now, refreshing_until = null
where refreshing_until is not null`

	removeSQL = `delete from quickbooks_auth`
)

func (store) Renew(ctx context.Context, tx db.Tx, r connect.Row) error {
	_, err := db.Exec(ctx, tx, renewSQL, db.Args{"access": r.Access, "refresh": r.Refresh, "end": r.ExpiresAt})
	return err
}

func (store) Break(ctx context.Context, tx db.Tx) error {
	_, err := db.Exec(ctx, tx, breakSQL, db.Args{"now": endpoint.Now(ctx)})
	return err
}

func (store) Remove(ctx context.Context, tx db.Tx) error {
	_, err := db.Exec(ctx, tx, removeSQL)
	return err
}

const realmSQL = `select q.realm_id from quickbooks_auth q`

// An account is a company at QuickBooks, and the token for it.
type account struct{ realm, token string }

// account is the company's. Errors: those of connect.Connection.Token.
func (s *Service) account(ctx context.Context, units connect.Units) (a account, err error) {
	if a.token, err = s.connection.Token(ctx, units); err != nil {
		return a, err
	}
	err = units.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		a.realm, err = db.Value[string](ctx, tx, realmSQL)
		return err
	})
	return a, endpoint.Missing(err, "connection with QuickBooks")
}
