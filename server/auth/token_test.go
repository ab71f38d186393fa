package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestASCIIJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a":"b"}`:  `{"a":"b"}`,
		`"é"`:        `"\u00e9"`,
		`"🚜"`:        `"\ud83d\ude9c"`,
		`">?~"`:      `"\u003e\u003f\u007e"`,
		"\"\u007f\"": `"\u007f"`,
		`"a\"b\\"`:   `"a\"b\\"`,
		``:           ``,
	} {
		if have := string(asciiJSON([]byte(text))); have != want {
			t.Errorf("%s became %s, want %s", text, have, want)
		}
	}
}

// Whatever a name holds: the payload is ASCII, has neither - nor _ in base64url wherever it begins, and
// says the same.
func FuzzASCIIJSON(f *testing.F) {
	for _, name := range []string{"", "José", "雪かき", "🚜~>?", "a\"b\\c\x00\x1f", strings.Repeat("ÿ?", 9)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		payload, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		var before, after string
		out := asciiJSON(payload)
		if err := json.Unmarshal(payload, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &after); err != nil || after != before {
			t.Errorf("%q became %q: %v", before, after, err)
		}
		for shift := range 3 {
			if text := base64.RawURLEncoding.EncodeToString(append([]byte("{ {"[:shift]), out...)); strings.ContainsAny(text, "-_") {
				t.Errorf("%q is %s", name, text)
			}
		}
	})
}

func TestParseRefresh(t *testing.T) {
	t.Parallel()
	var r refreshToken
	copy(r.session[:], "0123456789abcdef")
	copy(r.family[:], "ghijklmnopqrstuv")
	copy(r.secret[:], "wxyz0123456789abcdefghijklmnopqr")
	if have, ok := parseRefresh(r.String()); !ok || have != r {
		t.Errorf("%v, %t", have, ok)
	}
	for _, text := range []string{"", "x", r.String()[1:], r.String() + "AAAA", r.String() + "=", strings.Repeat("!", 86)} {
		if _, ok := parseRefresh(text); ok {
			t.Errorf("%q is taken for a refresh token", text)
		}
	}
}

func testToken(t testing.TB, keys *Keys, lifetime time.Duration) string {
	t.Helper()
	p := Principal{customerID: "AAAA22222", userID: 7, role: Admin, email: "admin@a.example", name: "Admin One", sessionID: uuid.NewString()}
	token, err := keys.issue(&p, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A token that was good once is refused like any other when it is over, changed, or of a key that has gone.
func TestVerify_RemembersNoLongerThanTheTokenIsGood(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	text, err := NewKeys()
	if err == nil {
		err = SaveKeys(path, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	keys, err := LoadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	token := testToken(t, keys, time.Hour)
	first, err := keys.Verify(token)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := keys.Verify(token); err != nil || again != first {
		t.Errorf("the second time: %v, %v; want what the first time gave", again, err)
	}
	if _, err := keys.Verify(token[:len(token)-4] + "AAAA"); !errors.Is(err, ErrToken) {
		t.Errorf("with another signature: %v", err)
	}

	short := testToken(t, keys, time.Second)
	if _, err := keys.Verify(short); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a token counts in whole seconds
	if _, err := keys.Verify(short); !errors.Is(err, ErrToken) {
		t.Errorf("after its end: %v", err)
	}

	for range 2 { // the first keeps the key beside the new one
		if _, err := keys.Verify(token); err != nil {
			t.Fatal(err)
		}
		text, err := keys.Rotate()
		if err == nil {
			err = SaveKeys(path, text)
		}
		if err != nil {
			t.Fatal(err)
		}
		keys.reload()
	}
	if _, err := keys.Verify(token); !errors.Is(err, ErrToken) {
		t.Errorf("after its key has gone: %v", err)
	}
}

// What it saves to remember a token.
func BenchmarkVerify(b *testing.B) {
	keys, _ := newKeys(b)
	token := testToken(b, keys, time.Hour)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if _, err := keys.verify(keys.current(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			if _, err := keys.Verify(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
