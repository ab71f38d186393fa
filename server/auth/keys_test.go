package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func newKeys(t testing.TB) (*Keys, keyFile) {
	t.Helper()
	text, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseKeys(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var file keyFile
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return keys, file
}

// The fields are told apart by their lengths, so that no value can be taken for another one.
func TestAppendField(t *testing.T) {
	t.Parallel()
	join := func(fields ...string) string {
		var b []byte
		for _, f := range fields {
			b = appendField(b, f)
		}
		return string(b)
	}
	for want, fields := range map[string][]string{
		"5:enter9:AAAA22222:4:User": {"enter", "AAAA22222", "", "User"},
		"2:é":                       {"é"},
		"1::":                       {":"},
	} {
		if have := join(fields...); have != want {
			t.Errorf("%q became %q, want %q", fields, have, want)
		}
	}
	if join("ab", "c") == join("a", "bc") || join("", "a") == join("a", "") || join("1:a") == join("a") {
		t.Error("different fields are the same message")
	}
}

// What the database makes of a pad is what the server makes of the key.
func TestPads_AreTheKeysOfHMAC(t *testing.T) {
	t.Parallel()
	keys, file := newKeys(t)
	key, err := base64.StdEncoding.DecodeString(file.MAC[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	id, have := keys.sign("enter", "AAAA22222")
	h := hmac.New(sha256.New, key)
	h.Write([]byte("5:enter9:AAAA22222"))
	pad := keys.Pads()[0]
	inner := sha256.Sum256(append(slices.Clone(pad.Inner), "5:enter9:AAAA22222"...))
	outer := sha256.Sum256(append(slices.Clone(pad.Outer), inner[:]...))
	if id != pad.KeyID || !hmac.Equal(have, h.Sum(nil)) || !hmac.Equal(have, outer[:]) {
		t.Errorf("key %d: %x, by HMAC %x, by the pads %x", id, have, h.Sum(nil), outer)
	}
	if strings.Contains(string(pad.Inner)+string(pad.Outer), string(key)) {
		t.Error("a pad holds the key")
	}
}

func TestRotate_KeepsThePreviousKey(t *testing.T) {
	t.Parallel()
	first, _ := newKeys(t)
	for _, kind := range []string{"mac", "token"} {
		text, err := first.Rotate(kind)
		if err != nil {
			t.Fatal(err)
		}
		second, err := ParseKeys(string(text))
		if err != nil {
			t.Fatal(err)
		}
		text, err = second.Rotate(kind)
		if err != nil {
			t.Fatal(err)
		}
		third, err := ParseKeys(string(text))
		if err != nil {
			t.Fatal(err)
		}
		ids := func(k *Keys) (ids []any) {
			if kind == "mac" {
				for _, p := range k.Pads() {
					ids = append(ids, p.KeyID)
				}
				return ids
			}
			set := k.current().public
			for i := range set.Len() {
				key, _ := set.Key(i)
				ids = append(ids, key.KeyID())
			}
			return ids
		}
		a, b, c := ids(first), ids(second), ids(third)
		if len(a) != 1 || len(b) != 2 || len(c) != 2 || b[1] != a[0] || c[1] != b[0] || b[0] == a[0] || c[0] == b[0] {
			t.Errorf("%s: %v, then %v, then %v", kind, a, b, c)
		}
	}
	if _, err := first.Rotate("password"); err == nil {
		t.Error("an unknown kind was rotated")
	}
}

func TestParseKeys_Refusals(t *testing.T) {
	t.Parallel()
	_, good := newKeys(t)
	text := func(change func(*keyFile)) string {
		file := keyFile{MAC: slices.Clone(good.MAC), Token: slices.Clone(good.Token)}
		change(&file)
		b, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if _, err := ParseKeys(text(func(*keyFile) {})); err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string]string{
		"empty": "", "no JSON": "keys", "no keys": "{}",
		"no mac":        text(func(f *keyFile) { f.MAC = nil }),
		"no token":      text(func(f *keyFile) { f.Token = nil }),
		"short mac":     text(func(f *keyFile) { f.MAC[0].Key = "AAAA" }),
		"mac no base64": text(func(f *keyFile) { f.MAC[0].Key = "!" }),
		"public token": text(func(f *keyFile) {
			f.Token[0] = json.RawMessage(`{"kty":"OKP","crv":"Ed25519","kid":"a","alg":"EdDSA","x":"z3z_7yF5vQ-gUweeDJO9E3X2us9UOnk9IL-Frhha--E"}`)
		}),
		"secret token": text(func(f *keyFile) { f.Token[0] = json.RawMessage(`{"kty":"oct","kid":"a","alg":"HS256","k":"AAAA"}`) }),
	} {
		_, err := ParseKeys(broken)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		if strings.Contains(err.Error(), good.MAC[0].Key) || strings.Contains(err.Error(), `"d"`) {
			t.Errorf("%s: the error shows a key: %v", name, err)
		}
	}
}

func TestKeyFile_IsItsOwnersOnly(t *testing.T) {
	t.Parallel()
	text, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := SaveKeys(file, text); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := LoadKeys(file); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeys(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others may read: %v", err)
	}
	if _, err := LoadKeys(file + ".none"); err == nil {
		t.Error("a file that is not there was read")
	}
}
