package customers

import (
	"crypto/rand"
	"errors"
	"io"
	"regexp"
	"strings"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// alphabet leaves out what is mistaken for something else when read aloud or typed: I, L, O, 0 and 1.
// The reserved ids have such letters, so none of them is ever drawn.
const alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

const idLength = 9

// primary is the customer that the portal was first made for. It can be neither suspended nor
// cancelled, which PostgreSQL holds too.
const primary = "LEGACY001"

// drawID draws the id of a new customer, each character on its own and every one equally likely: a
// byte beyond the last multiple of the alphabet's length is drawn again.
func drawID(random io.Reader) (string, error) {
	const fair = 256 - 256%len(alphabet)
	id := make([]byte, 0, idLength)
	var b [1]byte
	for len(id) < idLength {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", err
		}
		if int(b[0]) < fair {
			id = append(id, alphabet[int(b[0])%len(alphabet)])
		}
	}
	return string(id), nil
}

// maxDraws bounds the search for an id that is free. With 31⁹ of them a second draw is rare already.
const maxDraws = 100

// withNewID calls insert with fresh ids until one is free. insert returns db.ErrNotFound where the id
// was taken: it inserts on conflict do nothing, so the unique key decides.
func withNewID[T any](random io.Reader, insert func(id string) (T, error)) (inserted T, err error) {
	for range maxDraws {
		id, err := drawID(random)
		if err != nil {
			return inserted, err
		}
		if inserted, err = insert(id); !errors.Is(err, db.ErrNotFound) {
			return inserted, err
		}
	}
	return inserted, errors.New("no free customer id was found")
}

var random = rand.Reader

// reference is an id in a path. It is wider than what is drawn: LEGACY001 and ids of 8 characters were
// there before.
var reference = regexp.MustCompile(`^[A-Z0-9]{8,9}$`)

// ParseID reads the id of a customer; small letters count as capitals. Errors: 400 where it cannot be
// one.
func ParseID(text string) (string, error) {
	id := strings.ToUpper(text)
	if !reference.MatchString(id) {
		return "", endpoint.Invalid("a customer id has 8 or 9 letters and digits")
	}
	return id, nil
}

// A CustomerRef names a customer in a path.
type CustomerRef struct {
	CustomerID string `path:"customer_id" ref:"customers" example:"LEGACY001" doc:"The customer; small letters count as capitals."`
}

func (r CustomerRef) id() (string, error) { return ParseID(r.CustomerID) }
