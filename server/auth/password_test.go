package auth

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
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
			var count atomic.Int64
			have, err := verifyPassword(t.Context(), tt.hash, tt.password, &count)
			if err != nil || have != tt.want || count.Load() != 1 {
				t.Errorf("%t, %v, %d verifications", have, err, count.Load())
			}
		})
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
