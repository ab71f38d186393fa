package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// The cost of a hash (OWASP's minimum for argon2id).
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
)

// hashing bounds how many hashes are computed at once: each takes 19 MiB and a core.
var hashing = make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))

// strangers bounds the same for who is not known yet: one place at the hashes is always left to the others.
var strangers = make(chan struct{}, max(1, cap(hashing)-1))

// take waits for one of the places; the caller gives it back.
func take(ctx context.Context, places chan struct{}) (giveBack func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func withHashing(ctx context.Context, fn func()) error {
	giveBack, err := take(ctx, hashing)
	if err != nil {
		return err
	}
	defer giveBack()
	fn()
	return nil
}

// hashAny hashes a password with argon2id, in PHC string format: an old one too, that nobody may choose any more.
func hashAny(ctx context.Context, password string) (hash string, err error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	err = withHashing(ctx, func() {
		key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
		hash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
			base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
	})
	return hash, err
}

// noPassword is the hash that is verified where there is no account, so that an unknown address costs
// what a known one does. No password fits it: its salt and key are unrelated.
var noPassword = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
	base64.RawStdEncoding.EncodeToString(make([]byte, argonSalt)), base64.RawStdEncoding.EncodeToString(make([]byte, argonKey)))

// forms are what a hash may have been made of: the normal form of a password, and as it was typed in, which is how
// passwords were hashed before.
func forms(password string) []string {
	if len(password) > maxTyped {
		return []string{password[:maxTyped]} // nobody's; it still costs a verification
	}
	normal, ok := opaque(password)
	if !ok || normal == password {
		return []string{password}
	}
	return []string{normal, password}
}

// verifyForms compares each form with a hash until one fits: the first is good, one behind it fits a hash that should
// be replaced. Which forms there are depends on what was typed in and on nothing that is stored.
func verifyForms(ctx context.Context, hash string, forms []string) (fits, first bool, err error) {
	for i, form := range forms {
		if fits, err = verifyPassword(ctx, hash, form); fits || err != nil {
			return fits, i == 0, err
		}
	}
	return false, false, nil
}

// verifyPassword compares a password with a hash, argon2id or bcrypt. A hash that cannot be read
// matches nothing.
func verifyPassword(ctx context.Context, hash, password string) (ok bool, err error) {
	err = withHashing(ctx, func() {
		if strings.HasPrefix(hash, "$2") {
			ok = verifyBcrypt(hash, password)
			return
		}
		ok = verifyArgon(hash, password)
	})
	return ok, err
}

// verifyBcrypt compares the first 72 bytes, as the hashes of the old portal were made.
func verifyBcrypt(hash, password string) bool {
	if len(password) > 72 {
		password = password[:72]
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}

func verifyArgon(hash, password string) bool {
	memory, time, threads, salt, key, err := parseArgon(hash)
	if err != nil {
		return false
	}
	have := argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(len(key))) //nolint:gosec // bounded by parseArgon
	return subtle.ConstantTimeCompare(have, key) == 1
}

func parseArgon(hash string) (memory, time uint32, threads uint8, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return 0, 0, 0, nil, nil, errors.New("not an argon2id hash")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil {
		return
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return
	}
	// A planted hash must not cost more than ours.
	if memory > 4*argonMemory || time == 0 || time > 10 || threads == 0 || len(key) < 16 || len(key) > 64 {
		err = errors.New("hash out of bounds")
	}
	return
}

// outdated tells whether a hash should be replaced at the next log-in.
func outdated(hash string) bool {
	return !strings.HasPrefix(hash, fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemory, argonTime, argonThreads))
}
