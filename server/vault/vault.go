// Package vault seals the secrets with which a company calls other services. The database holds what is sealed and
// nothing else; the keys are a Tink keyset beside those that sign tokens.
//
// What is sealed opens in its own place only: a copy in another company's row, under another name or column, or of a
// member in the company's row does not. Its first five bytes name the key that sealed it (Tink's prefix).
package vault

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strconv"
	"sync"

	"github.com/tink-crypto/tink-go/v2/tink"
)

var (
	// ErrNoKeys tells that the server has no keyset for the vault.
	ErrNoKeys = errors.New("the keys have no vault: portal keys add makes one")
	// ErrUnknownKey tells that a key which sealed is not in the keyset.
	ErrUnknownKey = errors.New("it was sealed with a key that is not in the vault")
	// ErrNotOpened tells that something was not sealed for this place, or has been changed.
	ErrNotOpened = errors.New("it was sealed for another place, or changed")
)

// A Place is where a secret is kept. All of it is bound into what is sealed.
type Place struct {
	Customer, Table, Column, Name string
	User                          *int64 // nil: the company's
}

// bound is the associated data: each part preceded by its length, so that no two places are alike.
func (p Place) bound() (data []byte) {
	user := ""
	if p.User != nil {
		user = strconv.FormatInt(*p.User, 10)
	}
	for _, part := range []string{p.Customer, p.Table, p.Column, p.Name, user} {
		data = binary.AppendUvarint(data, uint64(len(part)))
		data = append(data, part...)
	}
	return data
}

// A Vault seals and opens. It follows its keyset, which may change while it runs.
type Vault struct {
	keyset func() []byte

	mu   sync.Mutex
	seen [sha256.Size]byte // of the text; a vault that is printed shows no key
	keys *opened
	err  error
}

// opened is a keyset made ready.
type opened struct {
	aead    tink.AEAD
	primary uint32
	ids     []uint32
}

// New returns a vault over a keyset, as text that NewKeyset and its sisters make; nil where there is none.
func New(keyset func() []byte) *Vault { return &Vault{keyset: keyset} }

func (v *Vault) current() (*opened, error) {
	text := v.keyset()
	v.mu.Lock()
	defer v.mu.Unlock()
	if seen := sha256.Sum256(text); v.keys == nil && v.err == nil || seen != v.seen {
		v.seen = seen
		v.keys, v.err = parse(text)
	}
	return v.keys, v.err
}

// Keys returns the id of the key that seals, and those of all keys that open.
func (v *Vault) Keys() (primary uint32, all []uint32, err error) {
	k, err := v.current()
	if err != nil {
		return 0, nil, err
	}
	return k.primary, k.ids, nil
}

// Seal makes of a secret what may be stored in a place.
func (v *Vault) Seal(at Place, secret string) ([]byte, error) {
	k, err := v.current()
	if err != nil {
		return nil, err
	}
	return k.aead.Encrypt([]byte(secret), at.bound())
}

// Open returns the secret that was sealed for a place. No error tells anything of it.
func (v *Vault) Open(at Place, sealed []byte) (string, error) {
	k, err := v.current()
	if err != nil {
		return "", err
	}
	secret, err := k.aead.Decrypt(sealed, at.bound())
	if err == nil {
		return string(secret), nil
	}
	if id, ok := KeyOf(sealed); ok && !k.has(id) {
		return "", ErrUnknownKey
	}
	return "", ErrNotOpened
}

// Reseal seals anew what another key than the primary one has sealed; otherwise it returns nil.
func (v *Vault) Reseal(at Place, sealed []byte) ([]byte, error) {
	k, err := v.current()
	if err != nil {
		return nil, err
	}
	if id, ok := KeyOf(sealed); ok && id == k.primary {
		return nil, nil
	}
	secret, err := v.Open(at, sealed)
	if err != nil {
		return nil, err
	}
	return v.Seal(at, secret)
}

// KeyOf is the id of the key that has sealed something.
func KeyOf(sealed []byte) (id uint32, ok bool) {
	if len(sealed) < 5 || sealed[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:5]), true
}

// shortest is the number of characters from which on the last four of a secret are shown: of a shorter one they would
// be too much of it.
const shortest = 12

// LastFour is what is shown of a secret: its last four characters, or nothing.
func LastFour(secret string) *string {
	runes := []rune(secret)
	if len(runes) < shortest {
		return nil
	}
	return new(string(runes[len(runes)-4:]))
}
