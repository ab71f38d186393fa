package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

func TestHashPassword_Length(t *testing.T) {
	t.Parallel()
	for length, ok := range map[int]bool{0: false, 7: false, 8: true, 1024: true, 1025: false} {
		_, err := HashPassword(t.Context(), strings.Repeat("x", length))
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrPasswordLength) {
			t.Errorf("%d bytes: %v", length, err)
		}
	}
}

func TestVerifyPassword(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 10)
	hash := func(password string) string {
		h, err := HashPassword(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	old := func(password string) string {
		h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		return string(h)
	}
	for name, tt := range map[string]struct {
		hash, password string
		want           bool
	}{
		"argon2id":                 {hash("12345678"), "12345678", true},
		"argon2id, wrong":          {hash("12345678"), "12345679", false},
		"argon2id, longer":         {hash("12345678"), "123456789", false},
		"argon2id is not cut":      {hash(long), long[:99] + "x", false},
		"longest":                  {hash(strings.Repeat("x", 1024)), strings.Repeat("x", 1024), true},
		"longer than the longest":  {hash(strings.Repeat("x", 1024)), strings.Repeat("x", 1025), false},
		"bcrypt":                   {old("pw"), "pw", true},
		"bcrypt, wrong":            {old("pw"), "pW", false},
		"bcrypt, first 72 bytes":   {old(long[:72]), long, true},
		"bcrypt, 71 are too few":   {old(long[:72]), long[:71], false},
		"no account":               {noPassword, "", false},
		"no account, any password": {noPassword, "12345678", false},
		"no hash":                  {"", "", false},
		"a plain text":             {"12345678", "12345678", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := &counting{Context: t.Context()}
			have, err := verifyPassword(ctx, tt.hash, tt.password)
			if err != nil || have != tt.want || ctx.verifications != 1 {
				t.Errorf("%t, %v, %d verifications", have, err, ctx.verifications)
			}
		})
	}
}

// counting counts the verifications that are made with a context: each asks once for its end, while it waits
// for its turn.
type counting struct {
	context.Context
	verifications int
}

func (c *counting) Done() <-chan struct{} {
	c.verifications++
	return c.Context.Done()
}

// What a log-in costs does not tell whether the address is known, nor whether its owner may come in.
func TestFitting_UnknownEmailCostsAVerification(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword(t.Context(), "12345678")
	if err != nil {
		t.Fatal(err)
	}
	right := candidate{ID: 1, PasswordHash: hash, Admitted: true}
	wrong := candidate{ID: 2, PasswordHash: noPassword, Admitted: true}
	closed := candidate{ID: 3, PasswordHash: hash}
	for name, tt := range map[string]struct {
		accounts      []candidate
		fitting       []candidate
		verifications int
	}{
		"unknown":        {nil, nil, 1},
		"wrong password": {[]candidate{wrong}, nil, 1},
		"closed":         {[]candidate{closed}, nil, 1},
		"several":        {[]candidate{wrong, right, closed, right}, []candidate{right, right}, 4},
	} {
		ctx := &counting{Context: t.Context()}
		have, err := fitting(ctx, tt.accounts, "12345678")
		if err != nil || !slices.Equal(have, tt.fitting) || ctx.verifications != tt.verifications {
			t.Errorf("%s: %v, %v, %d verifications", name, have, err, ctx.verifications)
		}
	}
}

// A hash that somebody planted must not cost more than ours do.
func TestParseArgon_Bounds(t *testing.T) {
	t.Parallel()
	const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for hash, ok := range map[string]bool{
		noPassword: true,
		fmt.Sprintf("$argon2id$v=19$m=65536,t=3,p=4$%s$%s", salt, key):    true,
		fmt.Sprintf("$argon2id$v=19$m=4000000,t=2,p=1$%s$%s", salt, key):  false,
		fmt.Sprintf("$argon2id$v=19$m=19456,t=1000,p=1$%s$%s", salt, key): false,
		fmt.Sprintf("$argon2id$v=19$m=19456,t=0,p=1$%s$%s", salt, key):    false,
		fmt.Sprintf("$argon2id$v=19$m=19456,t=2,p=0$%s$%s", salt, key):    false,
		fmt.Sprintf("$argon2id$v=19$m=19456,t=2,p=1$%s$AAAA", salt):       false,
		fmt.Sprintf("$argon2id$v=18$m=19456,t=2,p=1$%s$%s", salt, key):    false,
		fmt.Sprintf("$argon2i$v=19$m=19456,t=2,p=1$%s$%s", salt, key):     false,
		"$argon2id$v=19$m=19456,t=2,p=1$!$!":                              false,
		"$argon2id$":                                                      false,
		"":                                                                false,
	} {
		if _, _, _, _, _, err := parseArgon(hash); (err == nil) != ok {
			t.Errorf("%s: %v", hash, err)
		}
	}
}

func TestOutdated(t *testing.T) {
	t.Parallel()
	for hash, want := range map[string]bool{
		noPassword: false, "$2b$12$x": true, "": true, "$argon2id$v=19$m=19456,t=1,p=1$a$b": true, "$argon2id$v=19$m=19456,t=2,p=1$a$b": false,
	} {
		if outdated(hash) != want {
			t.Errorf("%s: %t", hash, !want)
		}
	}
}
