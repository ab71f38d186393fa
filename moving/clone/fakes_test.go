package clone

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"contractor-portal/server/field"
)

func fake(m mask, value string) string {
	s, _ := m(faker("a key of the tests"), value, nil).(string)
	return s
}

// What a fake looks like is what the portal takes.
func TestFakes_AreOfTheirKind(t *testing.T) {
	t.Parallel()
	for i := range 200 {
		value := fmt.Sprint("value ", i)
		number := fake(phone, value)
		if parsed, err := field.ParsePhone(number); err != nil || string(parsed) != number || !regexp.MustCompile(`^\+1[2-9][0-9]{2}55501[0-9]{2}$`).MatchString(number) {
			t.Errorf("phone %s: %v", number, err)
		}
		mail := fake(email, value)
		if parsed, err := field.ParseEmail(mail); err != nil || string(parsed) != mail || !strings.HasSuffix(mail, "@example.com") {
			t.Errorf("e-mail %s: %v", mail, err)
		}
	}
	for value, want := range map[string]string{
		"12 Same Street, Springfield, NY 14201":      `^[0-9]+ \w+ Street, Unit \w+, \w+, NY 14201$`,
		"12 Same Street, Springfield, NY 14201-1234": `^[0-9]+ \w+ Street, Unit \w+, \w+, NY 14201$`,
		"behind the church, ask Bob":                 `^[0-9]+ \w+ Street, Unit \w+$`,
	} {
		if got := fake(address, value); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s becomes %s", value, got)
		}
	}
	for _, value := range []string{"x", "Gate code 4711, ask for Bob Müller", strings.Repeat("é", 300)} {
		got := fake(note, value)
		if n, most := utf8.RuneCountInString(got), utf8.RuneCountInString(value); n == 0 || n > most || n < most-1 || got == value {
			t.Errorf("%q, of %d characters, becomes %q", value, most, got)
		}
	}
	if got := faker("k").like("AB-4711 Müller/é\n"); !regexp.MustCompile(`^[A-Z]{2}-[0-9]{4} [A-Z][a-z]{5}/[a-z]\n$`).MatchString(got) || got == "AB-4711 Muller/e\n" {
		t.Errorf("like: %q", got)
	}
}

// The same value has one fake, whatever its case where case does not count; two have two; and another key has others.
func TestFakes_AreStableAndApart(t *testing.T) {
	t.Parallel()
	for what, m := range map[string]mask{"name": name, "username": username, "email": email, "company": company, "place": place, "address": address, "title": titled("Route")} {
		seen := map[string]string{}
		for i := range 5000 {
			value := fmt.Sprintf("person %d", i)
			got := fake(m, value)
			if before, ok := seen[got]; ok {
				t.Errorf("%s: %s and %s are both %s", what, before, value, got)
			}
			if seen[got] = value; got != fake(m, value) {
				t.Errorf("%s of %s is not stable", what, value)
			}
		}
		if other, _ := m(faker("another key"), "person 1", nil).(string); other == fake(m, "person 1") || other == "" {
			t.Errorf("%s is the same by another key", what)
		}
		if fake(m, "") != "" {
			t.Errorf("%s of nothing is something", what)
		}
	}
	if fake(email, "Bob@A.example ") != fake(email, "bob@a.example") || fake(name, "Bob") == fake(name, "bob") {
		t.Error("the case of an e-mail does not count, and that of a name does")
	}
}

func TestFakes_OfOtherKinds(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"42.8864468": "42.89", "-78.8783689": "-78.88", "0.001": "0.01", "-0.002": "0.01"} {
		if got := nearby(nil, json.Number(value), nil); got != json.Number(want) {
			t.Errorf("%s becomes %v, want %s", value, got, want)
		}
	}
	on := flags(nil, map[string]any{"sms": true, "weather": false, "owner": "Bob", "bob@a.example": true}, nil).(map[string]any)
	if len(on) != 2 || on["sms"] != true || on["weather"] != false {
		t.Errorf("flags: %v", on)
	}
	for value, want := range map[string]string{"30": `^30$`, "95.50": `^95\.50$`, "bob@a.example": `@example\.com$`, "7165551234": `^[0-9]{10}$`} {
		if got := fake(setting, value); !regexp.MustCompile(want).MatchString(got) || value == "7165551234" && got == value {
			t.Errorf("setting %s becomes %s", value, got)
		}
	}
	f := faker("k")
	if got := f.bytes(`\x0102030405060708`); len(got) != len(`\x0102030405060708`) || got == `\x0102030405060708` || !strings.HasPrefix(got, `\x`) {
		t.Errorf("bytes: %s", got)
	}
	for _, value := range []any{map[string]any{"bob": 1}, []any{"bob"}, "bob", json.Number("4711")} {
		if text, err := json.Marshal(empty(value)); err != nil || strings.ContainsAny(string(text), "b4") {
			t.Errorf("%v leaves %s, %v", value, text, err)
		}
	}
}
