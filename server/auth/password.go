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

// What a new password must satisfy, in bytes. It is never cut.
const (
	MinPassword = 8
	MaxPassword = 1024
)

// ErrPasswordLength means that a new password is too short or too long.
var ErrPasswordLength = fmt.Errorf("a password has %d to %d bytes", MinPassword, MaxPassword)

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

func withHashing(ctx context.Context, fn func()) error {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		fn()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// HashPassword hashes a new password with argon2id, in PHC string format.
func HashPassword(ctx context.Context, password string) (hash string, err error) {
	if len(password) < MinPassword || len(password) > MaxPassword {
		return "", ErrPasswordLength
	}
	return hashAny(ctx, password)
}

// hashAny hashes also an old password that is shorter than new ones may be.
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

// verifyPassword compares a password with a hash, argon2id or bcrypt. A hash that cannot be read
// matches nothing.
func verifyPassword(ctx context.Context, hash, password string) (ok bool, err error) {
	if len(password) > MaxPassword {
		password = password[:MaxPassword] + "x" // too long to be anybody's; it still costs a verification
	}
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
