package jobber

import (
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/connect"
	"contractor-portal/server/endpoint"
)

// A store is portal.jobber_auth, for package connect.
type store struct{}

const findSQL = `select a.access_token_ciphertext, a.refresh_token_ciphertext, a.token_expires_at, a.broken_at from jobber_auth a`

func (store) Find(ctx context.Context, tx db.Tx) (connect.Row, error) {
	return db.One[connect.Row](ctx, tx, findSQL)
}

const connectSQL = `
insert into jobber_auth (access_token_ciphertext, refresh_token_ciphertext, token_expires_at, scope, account_id, account_name)
values (@access, @refresh, @expires, nullif(@scope, ''), nullif(@account, ''), nullif(@name, ''))
on conflict (customer_id) do update
set access_token_ciphertext = excluded.access_token_ciphertext, refresh_token_ciphertext = excluded.refresh_token_ciphertext,
  token_expires_at = excluded.token_expires_at, scope = excluded.scope, account_id = excluded.account_id,
  account_name = excluded.account_name, refreshing_until = null, broken_at = null`

func (store) Connect(ctx context.Context, tx db.Tx, r connect.Row, scope string, _ connect.Back) error {
	_, err := db.Exec(ctx, tx, connectSQL, db.Args{
		"access": r.Access, "refresh": r.Refresh, "expires": r.ExpiresAt, "scope": cut(scope, 1000),
		"account": r.Account.ID, "name": r.Account.Name,
	})
	if err != nil {
		return err
	}
	return endSync(ctx, tx, "the company connected with Jobber anew meanwhile: begin it again")
}

const claimSQL = `
update jobber_auth
set refreshing_until = @until
where token_expires_at = @end
  and broken_at is null
  and (refreshing_until is null or refreshing_until < @now)`

func (store) Claim(ctx context.Context, tx db.Tx, end, until time.Time) (bool, error) {
	claimed, err := db.Exec(ctx, tx, claimSQL, db.Args{"end": end, "until": until, "now": endpoint.Now(ctx)})
	return claimed == 1, err
}

const renewSQL = `
update jobber_auth
set access_token_ciphertext = @access, refresh_token_ciphertext = @refresh, token_expires_at = @expires, refreshing_until = null
where refreshing_until is not null`

func (store) Renew(ctx context.Context, tx db.Tx, r connect.Row) error {
	_, err := db.Exec(ctx, tx, renewSQL, db.Args{"access": r.Access, "refresh": r.Refresh, "expires": r.ExpiresAt})
	return err
}

const breakSQL = `update jobber_auth set broken_at = @now, refreshing_until = null where refreshing_until is not null`

func (store) Break(ctx context.Context, tx db.Tx) error {
	_, err := db.Exec(ctx, tx, breakSQL, db.Args{"now": endpoint.Now(ctx)})
	return err
}

const removeSQL = `delete from jobber_auth`

func (store) Remove(ctx context.Context, tx db.Tx) error {
	if _, err := db.Exec(ctx, tx, removeSQL); err != nil {
		return err
	}
	return endSync(ctx, tx, "the company disconnected from Jobber meanwhile")
}

const endSyncSQL = `
update jobber_sync_logs
set status = 'failed', error_message = @why, completed_at = @now
where status = 'started'`

// endSync has a sync of another connection stop: its next page is not stored.
func endSync(ctx context.Context, tx db.Tx, why string) error {
	_, err := db.Exec(ctx, tx, endSyncSQL, db.Args{"why": why, "now": endpoint.Now(ctx)})
	return err
}
