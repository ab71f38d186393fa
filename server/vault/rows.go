package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"contractor-portal/db"
)

// The installer alone looks at the rows of all companies: when a key goes, nothing may be left that it has sealed.

// rowsSQL is every column that the vault seals.
const rowsSQL = `
select s.table_name, s.column_name, s.customer_id, s.name, s.user_id, s.id, s.sealed
from (
  select 'api_keys' as table_name, 'key_ciphertext' as column_name, k.customer_id, k.key_name as name, k.user_id, k.id, k.key_ciphertext as sealed from portal.api_keys k
  union all
  select 'jobber_auth', 'access_token_ciphertext', j.customer_id, '', null, j.id, j.access_token_ciphertext from portal.jobber_auth j
  union all
  select 'jobber_auth', 'refresh_token_ciphertext', j.customer_id, '', null, j.id, j.refresh_token_ciphertext from portal.jobber_auth j
  union all
  select 'quickbooks_auth', 'access_token_ciphertext', q.customer_id, '', null, q.id, q.access_token_ciphertext from portal.quickbooks_auth q
  union all
  select 'quickbooks_auth', 'refresh_token_ciphertext', q.customer_id, '', null, q.id, q.refresh_token_ciphertext from portal.quickbooks_auth q
  union all
  select 'outbox', 'message_ciphertext', o.customer_id, o.message_name::text, null, o.id, o.message_ciphertext from portal.outbox o where o.message_ciphertext is not null
) s
`

type row struct {
	Table    string `db:"table_name"`
	Column   string `db:"column_name"`
	Customer string `db:"customer_id"`
	Name     string `db:"name"`
	UserID   *int64 `db:"user_id"`
	ID       int64  `db:"id"`
	Sealed   []byte `db:"sealed"`
}

const heldSQL = `select count(*) from (` + rowsSQL + `) r where substr(r.sealed, 2, 4) = @key`

// Held counts what a key has sealed.
func Held(ctx context.Context, tx db.Tx, key uint32) (int64, error) {
	return db.Value[int64](ctx, tx, heldSQL, db.Args{"key": binary.BigEndian.AppendUint32(nil, key)})
}

const olderSQL = rowsSQL + `
where substr(s.sealed, 2, 4) <> @key and (s.table_name, s.column_name, s.id) > (@table::text, @column::text, @id::bigint)
order by s.table_name, s.column_name, s.id
limit 100`

// An update that finds another value leaves it: a server has stored a newer one meanwhile, with a key of now.
const (
	resealKeySQL               = `update portal.api_keys set key_ciphertext = @new where id = @id and key_ciphertext = @old`
	resealJobberAccessSQL      = `update portal.jobber_auth set access_token_ciphertext = @new where id = @id and access_token_ciphertext = @old`
	resealJobberRefreshSQL     = `update portal.jobber_auth set refresh_token_ciphertext = @new where id = @id and refresh_token_ciphertext = @old`
	resealQuickBooksAccessSQL  = `update portal.quickbooks_auth set access_token_ciphertext = @new where id = @id and access_token_ciphertext = @old`
	resealMessageSQL           = `update portal.outbox set message_ciphertext = @new where id = @id and message_ciphertext = @old`
	resealQuickBooksRefreshSQL = `update portal.quickbooks_auth set refresh_token_ciphertext = @new where id = @id and refresh_token_ciphertext = @old`
)

// A Resealing is where sealing anew has got to; the zero value is before the first row.
type Resealing struct {
	table, column string
	id            int64

	Done     bool
	Resealed int64
	// Unopened are the rows that do not open: sealed with a key that is gone, or changed by hand.
	Unopened []string
}

// Next seals up to a hundred values anew that another key than the primary one has sealed.
func (r *Resealing) Next(ctx context.Context, tx db.Tx, v *Vault) error {
	primary, _, err := v.Keys()
	if err != nil {
		return err
	}
	rows, err := db.All[row](ctx, tx, olderSQL, db.Args{
		"key": binary.BigEndian.AppendUint32(nil, primary), "table": r.table, "column": r.column, "id": r.id,
	})
	for _, at := range rows {
		if err := r.reseal(ctx, tx, v, at); err != nil {
			return err
		}
		r.table, r.column, r.id = at.Table, at.Column, at.ID
	}
	r.Done = len(rows) == 0
	return err
}

func (r *Resealing) reseal(ctx context.Context, tx db.Tx, v *Vault, at row) error {
	sealed, err := v.Reseal(Place{Customer: at.Customer, Table: at.Table, Column: at.Column, Name: at.Name, User: at.UserID}, at.Sealed)
	if errors.Is(err, ErrNotOpened) || errors.Is(err, ErrUnknownKey) {
		r.Unopened = append(r.Unopened, fmt.Sprintf("%s.%s, id %d of %s: %v", at.Table, at.Column, at.ID, at.Customer, err))
		return nil
	}
	if err != nil {
		return err
	}
	args := db.Args{"id": at.ID, "old": at.Sealed, "new": sealed}
	var n int64
	switch at.Table + "." + at.Column {
	case "api_keys.key_ciphertext":
		n, err = db.Exec(ctx, tx, resealKeySQL, args)
	case "jobber_auth.access_token_ciphertext":
		n, err = db.Exec(ctx, tx, resealJobberAccessSQL, args)
	case "jobber_auth.refresh_token_ciphertext":
		n, err = db.Exec(ctx, tx, resealJobberRefreshSQL, args)
	case "quickbooks_auth.access_token_ciphertext":
		n, err = db.Exec(ctx, tx, resealQuickBooksAccessSQL, args)
	case "outbox.message_ciphertext":
		n, err = db.Exec(ctx, tx, resealMessageSQL, args)
	case "quickbooks_auth.refresh_token_ciphertext":
		n, err = db.Exec(ctx, tx, resealQuickBooksRefreshSQL, args)
	default:
		err = errors.New("no statement stores " + at.Table + "." + at.Column)
	}
	r.Resealed += n
	return err
}

// Seals tells whether the vault seals a column. The others of tenancy.secret_columns are hashes.
func Seals(column string) bool { return strings.HasSuffix(column, "_ciphertext") }

// NameColumn is the column that tells the rows of a table apart in a Place; empty where a customer has one row.
func NameColumn(table string) string {
	switch table {
	case "api_keys":
		return "key_name"
	case "outbox":
		return "message_name"
	}
	return ""
}
