package vault

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const planted = "planted-secret-1234"

// held is a vault whose keyset the test changes.
type held struct {
	*Vault
	keys []byte
}

func newHeld(t *testing.T) *held {
	t.Helper()
	keys, err := NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	h := &held{keys: keys}
	h.Vault = New(func() []byte { return h.keys })
	return h
}

func (h *held) seal(t *testing.T, at Place) []byte {
	t.Helper()
	sealed, err := h.Seal(at, planted)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func places() []Place {
	one, two := int64(1), int64(12)
	var all []Place
	for _, customer := range []string{"AAAA22222", "BBBB33333"} {
		for _, table := range []string{"api_keys", "jobber_auth"} {
			for _, column := range []string{"key_ciphertext", "access_token_ciphertext"} {
				for _, name := range []string{"openai_api_key", "openai_api_key1"} {
					for _, user := range []*int64{nil, &one, &two} {
						all = append(all, Place{customer, table, column, name, user})
					}
				}
			}
		}
	}
	// A boundary that moves makes another place.
	two1 := int64(21)
	return append(all, Place{"AAAA22222a", "pi_keys", "key_ciphertext", "openai_api_key", nil}, Place{"AAAA22222", "api_keys", "key_ciphertext", "openai_api_key1", &two1})
}

// What is sealed opens in its own place and in no other.
func TestVault_OpensInItsOwnPlaceOnly(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	for i, from := range places() {
		sealed := h.seal(t, from)
		if bytes.Contains(sealed, []byte(planted)) {
			t.Fatal("it is not sealed")
		}
		for j, to := range places() {
			have, err := h.Open(to, sealed)
			if i == j && (err != nil || have != planted) {
				t.Errorf("%+v: %q, %v", to, have, err)
			}
			if i != j && (!errors.Is(err, ErrNotOpened) || have != "") {
				t.Errorf("from %+v to %+v: %q, %v", from, to, have, err)
			}
		}
	}
}

func TestVault_RefusesWhatIsChanged(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	at := places()[0]
	sealed := h.seal(t, at)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if have, err := h.Open(at, changed); err == nil || have != "" {
			t.Errorf("byte %d changed: %q", i, have)
		}
	}
	for n := range len(sealed) {
		if have, err := h.Open(at, sealed[:n]); err == nil || have != "" {
			t.Errorf("%d bytes: %q", n, have)
		}
	}
	if other := newHeld(t); errors.Is(func() error { _, err := other.Open(at, sealed); return err }(), nil) {
		t.Error("another keyset opens it")
	}
}

// A key goes through its steps, and what is sealed opens all the way.
func TestKeyset_Steps(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	at := places()[0]
	old, _, err := h.Keys()
	if err != nil {
		t.Fatal(err)
	}
	sealed := h.seal(t, at)
	opens := func(step string, sealed []byte, by uint32) {
		t.Helper()
		id, ok := KeyOf(sealed)
		if have, err := h.Open(at, sealed); err != nil || have != planted || !ok || id != by {
			t.Errorf("%s: %q by %d, %v; want by %d", step, have, id, err, by)
		}
	}
	opens("before", sealed, old)

	added, id, err := Add(h.keys)
	if err != nil {
		t.Fatal(err)
	}
	h.keys = added
	if primary, all, err := h.Keys(); err != nil || primary != old || len(all) != 2 || all[1] != id {
		t.Fatalf("%d of %d, %v", primary, all, err)
	}
	opens("added", h.seal(t, at), old)
	if again, err := h.Reseal(at, sealed); err != nil || again != nil {
		t.Errorf("sealed anew though the key is the primary one: %v", err)
	}

	if h.keys, err = Promote(h.keys, id); err != nil {
		t.Fatal(err)
	}
	opens("promoted, old", sealed, old)
	opens("promoted, new", h.seal(t, at), id)
	again, err := h.Reseal(at, sealed)
	if err != nil {
		t.Fatal(err)
	}
	opens("sealed anew", again, id)

	if _, err := Retire(h.keys, id); err == nil {
		t.Error("the primary key is retired")
	}
	if _, err := Retire(h.keys, id+1); err == nil {
		t.Error("a key that is not there is retired")
	}
	if h.keys, err = Retire(h.keys, old); err != nil {
		t.Fatal(err)
	}
	opens("retired", again, id)
	if _, err := h.Open(at, sealed); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("the retired key opens: %v", err)
	}
}

// What is wrong with a keyset is said without any of it.
func TestKeyset_Faults(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"", "{}", "null", `{"primaryKeyId": 1, "key": [{"planted": 1}]}`, "planted"} {
		v := New(func() []byte { return []byte(keys) })
		_, err := v.Seal(Place{}, "x")
		if err == nil || strings.Contains(err.Error(), "planted") || Check([]byte(keys)) == nil {
			t.Errorf("%q: %v", keys, err)
		}
		if keys == "" && !errors.Is(err, ErrNoKeys) {
			t.Error(err)
		}
	}
}

func TestLastFour(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{"": "", "12345678901": "", "123456789012": "9012", "ÄÖÜäöüßéèêëñ": "êëñ"} {
		have := ""
		if last := LastFour(secret); last != nil {
			have = *last
		}
		if !strings.HasSuffix(have, want) || want == "" && have != "" {
			t.Errorf("%q: %q, want %q", secret, have, want)
		}
	}
}

func TestVault_DoesNotPrintItsKeys(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	h.seal(t, places()[0])
	if s := fmt.Sprintf("%v %+v %#v", h.Vault, h.Vault, h.Vault); strings.Contains(s, "AesGcmKey") || !strings.Contains(string(h.keys), "AesGcmKey") {
		t.Error(s)
	}
}
