package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

func TestVerifyPassword(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 10)
	hash := func(password string) string {
		h, err := hashAny(t.Context(), password)
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

// What a log-in costs does not tell whether the address is known, in how many companies, nor whether its owner may come
// in: where fewer accounts are compared, hashes that nothing fits are.
func TestCompare_AllCostTheSame(t *testing.T) {
	t.Parallel()
	hash, err := hashAny(t.Context(), "12345678")
	if err != nil {
		t.Fatal(err)
	}
	right := candidate{ID: 1, PasswordHash: hash, Admitted: true}
	wrong := candidate{ID: 2, PasswordHash: noPassword, Admitted: true}
	closed := candidate{ID: 3, PasswordHash: hash}
	for name, tt := range map[string]struct {
		accounts []candidate
		fitting  []candidate
		outcome  string
	}{
		"unknown":        {nil, nil, refused},
		"wrong password": {[]candidate{wrong}, nil, refused},
		"closed":         {[]candidate{closed}, nil, refused},
		"right":          {[]candidate{right}, []candidate{right}, admitted},
		"right, closed":  {[]candidate{right, closed}, []candidate{right}, admitted},
		"several":        {[]candidate{wrong, right, closed, right}, []candidate{right, right}, partly},
		"five, wrong":    {slices.Repeat([]candidate{wrong}, 5), nil, refused},
	} {
		ctx := &counting{Context: t.Context()}
		have, outcome, err := compare(ctx, tt.accounts, maxCandidates, forms("12345678"))
		if err != nil || !slices.Equal(have, tt.fitting) || outcome != tt.outcome || ctx.verifications != maxCandidates {
			t.Errorf("%s: %v, %s, %v, %d verifications", name, have, outcome, err, ctx.verifications)
		}
	}
	// Who types in what has two forms has twice as many compared, known or not.
	for _, accounts := range [][]candidate{nil, {wrong}, slices.Repeat([]candidate{wrong}, 5)} {
		ctx := &counting{Context: t.Context()}
		if _, _, err := compare(ctx, accounts, maxCandidates, forms("e\u0301e\u0301e\u0301")); err != nil || ctx.verifications != 2*maxCandidates {
			t.Errorf("%d accounts: %v, %d verifications", len(accounts), err, ctx.verifications)
		}
	}
}

// However many strangers are at the hashes, a place is left.
func TestStrangers_LeaveAPlaceAtTheHashes(t *testing.T) {
	t.Parallel()
	if cap(strangers) < 1 || cap(strangers) >= cap(hashing) {
		t.Errorf("strangers take %d of %d places", cap(strangers), cap(hashing))
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
