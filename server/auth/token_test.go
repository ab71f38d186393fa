package auth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
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
