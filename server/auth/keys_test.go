package auth

import (
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

func TestRotate_KeepsThePreviousKey(t *testing.T) {
	t.Parallel()
	first, _ := newKeys(t)
	rotated := func(k *Keys) *Keys {
		text, err := k.Rotate()
		if err != nil {
			t.Fatal(err)
		}
		if k, err = ParseKeys(string(text)); err != nil {
			t.Fatal(err)
		}
		return k
	}
	ids := func(k *Keys) (ids []string) {
		set := k.current().public
		for i := range set.Len() {
			key, _ := set.Key(i)
			ids = append(ids, key.KeyID())
		}
		return ids
	}
	second := rotated(first)
	a, b, c := ids(first), ids(second), ids(rotated(second))
	if len(a) != 1 || len(b) != 2 || len(c) != 2 || b[1] != a[0] || c[1] != b[0] || b[0] == a[0] || c[0] == b[0] {
		t.Errorf("%v, then %v, then %v", a, b, c)
	}
}

// Files from when entries were signed have a key for that too, which is passed over.
func TestParseKeys_OfBefore(t *testing.T) {
	t.Parallel()
	text, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseKeys(`{"mac":[{"id":1,"key":"AAAA"}],` + string(text[1:])); err != nil {
		t.Error(err)
	}
}

func TestParseKeys_Refusals(t *testing.T) {
	t.Parallel()
	_, good := newKeys(t)
	text := func(change func(*keyFile)) string {
		file := keyFile{Token: slices.Clone(good.Token)}
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
		"no token": text(func(f *keyFile) { f.Token = nil }),
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
		if strings.Contains(err.Error(), `"d"`) {
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
