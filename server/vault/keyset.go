package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// A keyset is changed in steps, so that no server ever meets what it cannot open: a key is added, every server learns
// it (/readyz names the keys), it is promoted to the one that seals, what older keys have sealed is sealed anew, and
// only then is an older key retired.

// NewKeyset makes a keyset with one key, in the form that New reads.
func NewKeyset() (json.RawMessage, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	return text(handle)
}

// Add returns the keyset with one more key, which opens and does not seal yet.
func Add(keys []byte) (json.RawMessage, uint32, error) {
	var id uint32
	with, err := change(keys, func(m *keyset.Manager) (err error) {
		id, err = m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
	return with, id, err
}

// Promote returns the keyset with another key that seals.
func Promote(keys []byte, id uint32) (json.RawMessage, error) {
	return change(keys, func(m *keyset.Manager) error { return m.SetPrimary(id) })
}

// Retire returns the keyset without a key. Who calls it has seen to it that nothing is sealed with it any more.
func Retire(keys []byte, id uint32) (json.RawMessage, error) {
	k, err := parse(keys)
	switch {
	case err != nil:
		return nil, err
	case !k.has(id):
		return nil, fmt.Errorf("the vault has no key %d", id)
	case id == k.primary:
		return nil, fmt.Errorf("key %d is the one that seals; promote another one first", id)
	}
	return change(keys, func(m *keyset.Manager) error { return m.Delete(id) })
}

// Check tells what is wrong with a keyset.
func Check(keys []byte) error {
	_, err := parse(keys)
	return err
}

func (k *opened) has(id uint32) bool { return slices.Contains(k.ids, id) }

func parse(keys []byte) (*opened, error) {
	handle, err := read(keys)
	if err != nil {
		return nil, err
	}
	k := &opened{}
	if k.aead, err = aead.New(handle); err != nil {
		return nil, errNotAKeyset
	}
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, errNotAKeyset
		}
		k.ids = append(k.ids, entry.KeyID())
		if entry.IsPrimary() {
			k.primary = entry.KeyID()
		}
	}
	return k, nil
}

// errNotAKeyset stands for Tink's errors, which may quote the text.
var errNotAKeyset = errors.New("the vault's keys are no keyset for AEAD")

func read(keys []byte) (*keyset.Handle, error) {
	if len(keys) == 0 {
		return nil, ErrNoKeys
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(keys)))
	if err != nil {
		return nil, errNotAKeyset
	}
	return handle, nil
}

func change(keys []byte, by func(*keyset.Manager) error) (json.RawMessage, error) {
	handle, err := read(keys)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManagerFromHandle(handle)
	if err := by(manager); err != nil {
		return nil, err
	}
	if handle, err = manager.Handle(); err != nil {
		return nil, err
	}
	return text(handle)
}

func text(handle *keyset.Handle) (json.RawMessage, error) {
	var text, line bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return nil, err
	}
	err := json.Compact(&line, text.Bytes())
	return line.Bytes(), err
}
