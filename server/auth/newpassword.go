package auth

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"
	"golang.org/x/text/secure/precis"

	"contractor-portal/db"
)

// What a new password must satisfy. It is never cut.
const (
	MinPassword = 8      // characters
	MaxPassword = 1024   // bytes of the normal form
	maxTyped    = 4096   // bytes of what may become it
	mostCommon  = 10_000 // of the passwords that people choose, which nobody may
)

// A PasswordError says why a new password is not taken.
type PasswordError struct{ reason string }

func (e *PasswordError) Error() string { return e.reason }

var (
	errShort   = &PasswordError{fmt.Sprintf("a password has at least %d characters", MinPassword)}
	errLong    = &PasswordError{fmt.Sprintf("a password has at most %d bytes", MaxPassword)}
	errUntyped = &PasswordError{"a password has no control characters, and none that Unicode does not know"}
	errCommon  = &PasswordError{"this is one of the most common passwords; choose another"}
	errKnown   = &PasswordError{"a password is not the person's own e-mail or name, nor the company's name"}
)

// A Password is a new one that somebody may choose, with its hash. Whose it is SetPassword looks at.
type Password struct {
	text string // in its normal form
	Hash string // argon2id, in PHC string format
}

// HashPassword makes a password ready to be set. Errors: *PasswordError.
func HashPassword(ctx context.Context, chosen string) (p Password, err error) {
	if p.text, err = choose(chosen); err != nil {
		return p, err
	}
	p.Hash, err = hashAny(ctx, p.text)
	return p, err
}

// CheckPassword is a *PasswordError where nobody may choose this password.
func CheckPassword(chosen string) error {
	_, err := choose(chosen)
	return err
}

// choose returns the normal form of a password that somebody may choose.
func choose(chosen string) (normal string, err error) {
	if len(chosen) > maxTyped {
		return "", errLong // and no work is spent on it
	}
	normal, known := opaque(chosen)
	switch {
	case !known && chosen != "":
		return "", errUntyped
	case utf8.RuneCountInString(normal) < MinPassword:
		return "", errShort
	case len(normal) > MaxPassword:
		return "", errLong
	case common()[strings.ToLower(normal)]:
		return "", errCommon
	}
	return normal, nil
}

// opaque is the normal form of a password, PRECIS's OpaqueString (RFC 8265): whichever keyboard wrote it, an é is
// an é and a blank a blank. Not every text has one.
func opaque(password string) (normal string, ok bool) {
	normal, err := precis.OpaqueString.String(password)
	return normal, err == nil
}

// common are the most common passwords that are long enough to be chosen, in lower case. The library has each word
// once, in that of its lists (passwords, names, words of English) where its place is best: so a common password is
// among the first of one of them.
var common = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, list := range frequency.FrequencyLists {
		for _, word := range list[:min(mostCommon, len(list))] {
			if utf8.RuneCountInString(word) >= MinPassword {
				words[word] = true
			}
		}
	}
	return words
})

// An owner is whose password it is. What everybody knows of a person is no secret.
type owner struct {
	Email   string `db:"email"`
	Name    string `db:"name"`
	Company string `db:"company"`
}

// refuses is a *PasswordError where the password is what everybody knows of its owner, however it is written.
func (o owner) refuses(p Password) error {
	local, _, _ := strings.Cut(o.Email, "@")
	for _, known := range []string{o.Email, local, o.Name, o.Company} {
		if known = letters(known); known != "" && strings.EqualFold(known, letters(p.text)) {
			return errKnown
		}
	}
	return nil
}

// letters are the letters and digits of a text.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

const ownerSQL = `
select u.email, coalesce(u.name, '') as name, c.company_name as company
from portal.users u
join platform.customers c on c.customer_id = u.customer_id
where u.id = @user`

const setPasswordSQL = `
update platform.logins
set password_hash = @hash, password_set_at = clock_timestamp()
where user_id = @user`

// SetPassword stores a member's new password. It is the one place that does. PostgreSQL ends the person's sessions
// with it, except the one that acts. Errors: *PasswordError; db.ErrNotFound where the customer has no such member,
// or the caller is neither he nor an Admin.
func SetPassword(ctx context.Context, tx db.Tx, user int64, p Password) error {
	o, err := db.One[owner](ctx, tx, ownerSQL, db.Args{"user": user})
	if err == nil {
		err = o.refuses(p)
	}
	if err != nil {
		return err
	}
	return db.Touch(ctx, tx, setPasswordSQL, db.Args{"user": user, "hash": p.Hash})
}

const operatorOwnerSQL = `select o.email, o.name, '' as company from platform.operators o where o.id = @id`

const setOperatorPasswordSQL = `
update platform.operators
set password_hash = @hash, password_set_at = clock_timestamp()
where id = @id`

// setOperatorPassword is SetPassword for an operator, in a unit of work of his own.
func setOperatorPassword(ctx context.Context, tx db.Tx, id int64, p Password) error {
	o, err := db.One[owner](ctx, tx, operatorOwnerSQL, db.Args{"id": id})
	if err == nil {
		err = o.refuses(p)
	}
	if err != nil {
		return err
	}
	return db.Touch(ctx, tx, setOperatorPasswordSQL, db.Args{"id": id, "hash": p.Hash})
}
