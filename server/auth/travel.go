package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"

	"contractor-portal/db"
)

// A Browser is what a person's browser holds while he is away at another company's page, and comes back with.
type Browser struct{ state, secret [32]byte }

// NewBrowser makes one.
func NewBrowser() (b Browser) {
	rand.Read(b.state[:])  //nolint:errcheck,gosec // crypto/rand does not fail
	rand.Read(b.secret[:]) //nolint:errcheck,gosec // see above
	return b
}

// State goes with the person, and Cookie stays in the browser.
func (b Browser) State() string { return hex.EncodeToString(b.state[:]) }

// Cookie is what the browser's cookie holds.
func (b Browser) Cookie() string { return hex.EncodeToString(b.secret[:]) }

const beginConnectionSQL = `select tenancy.begin_connection(@purpose, @state, @browser)`

// Leave notes that whoever acts leaves for another company's page, for a purpose (jobber, quickbooks). He has five minutes.
func (b Browser) Leave(ctx context.Context, tx db.Tx, purpose string) error {
	_, err := db.Exec(ctx, tx, beginConnectionSQL, db.Args{"purpose": purpose, "state": hashed(b.State()), "browser": sum(b.Cookie())})
	return err
}

// Returning is whoever comes back with a state and a cookie: the database says who it is, or that he is nobody. A unit of
// work that writes uses the state up.
func Returning(purpose, state, cookie string) *Principal {
	entry := db.EnterCallback(purpose, hashed(state), sum(cookie))
	return &Principal{entry: &entry}
}

const enteredSQL = `
select c.customer_id, u.id as user_id, u.role, u.email, u.name
from platform.customers c
left join portal.users u on u.customer_id = c.customer_id and u.id = (select tenancy.user_id())`

// Known is who has entered in tx without a session, as the database says: a person of a customer as he is now, or nobody of
// it. What enters is what p enters by, or the job.
func (p *Principal) Known(ctx context.Context, tx db.Tx) (*Principal, error) {
	row, err := db.One[struct {
		Customer string  `db:"customer_id"`
		User     *int64  `db:"user_id"`
		Role     *string `db:"role"`
		Email    *string `db:"email"`
		Name     *string `db:"name"`
	}](ctx, tx, enteredSQL)
	if err != nil {
		return nil, err
	}
	known := &Principal{customerID: row.Customer, entry: p.entry}
	if row.User != nil {
		known.userID, known.role, known.email = *row.User, *row.Role, *row.Email
		if row.Name != nil {
			known.name = *row.Name
		}
	}
	return known, nil
}

func sum(text string) []byte {
	h := sha256.Sum256([]byte(text))
	return h[:]
}

func hashed(text string) string { return hex.EncodeToString(sum(text)) }
