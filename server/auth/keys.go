package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// A keyFile is the form of the secrets at rest (PORTAL_KEYS or the file PORTAL_KEYS_FILE). The first
// key of the list signs; all of them verify.
type keyFile struct {
	Token []json.RawMessage `json:"token"` // private Ed25519 JWKs
	Vault json.RawMessage   `json:"vault,omitempty"`
}

// maxTokens is how many tokens a server remembers, about 500 bytes each.
const maxTokens = 4096

// A keySet is a keyFile made ready. It is never changed, but for the tokens that it has verified.
type keySet struct {
	raw     string
	signing jwk.Key
	public  jwk.Set
	tokens  *lru.Cache[[sha256.Size]byte, verified]
	vault   []byte
}

// Keys are the server's secrets: the keys that sign tokens. Where they come from a file, a change of the file is seen
// within a second, and at once when a token names an unknown key: a rotation needs no restart.
type Keys struct {
	path string

	mu      sync.RWMutex
	set     *keySet
	checked time.Time
	read    os.FileInfo // the file of these keys
}

// NewKeys makes a fresh set of secrets, in the form that ParseKeys reads, on one line.
func NewKeys() ([]byte, error) {
	token, err := newTokenKey()
	if err != nil {
		return nil, err
	}
	return json.Marshal(keyFile{Token: []json.RawMessage{token}})
}

// ParseKeys reads secrets from text.
func ParseKeys(text string) (*Keys, error) {
	set, err := parse(text)
	return &Keys{set: set}, err
}

// LoadKeys reads secrets from a file, which nobody but its owner may read.
func LoadKeys(path string) (*Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key file %s can be read by others (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the path is the operator's
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	set, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return &Keys{path: path, set: set, checked: time.Now(), read: info}, nil
}

func parse(text string) (*keySet, error) {
	var file keyFile
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		return nil, errors.New("the keys are not the JSON that `portal keys new` prints")
	}
	if len(file.Token) == 0 {
		return nil, errors.New("the keys need at least one token key")
	}
	tokens, err := lru.New[[sha256.Size]byte, verified](maxTokens)
	if err != nil {
		return nil, err
	}
	set := &keySet{raw: text, public: jwk.NewSet(), tokens: tokens, vault: file.Vault}
	for i, raw := range file.Token {
		key, err := jwk.ParseKey(raw)
		if err != nil {
			return nil, fmt.Errorf("token key %d is not a JWK", i+1)
		}
		var private ed25519.PrivateKey
		if err := key.Raw(&private); err != nil || key.KeyID() == "" || key.Algorithm() != jwa.EdDSA {
			return nil, fmt.Errorf("token key %d is not a private Ed25519 key with kid and alg EdDSA", i+1)
		}
		public, err := key.PublicKey()
		if err != nil {
			return nil, err
		}
		if err := set.public.AddKey(public); err != nil {
			return nil, fmt.Errorf("token key %d: %w", i+1, err)
		}
		if i == 0 {
			set.signing = key
		}
	}
	return set, nil
}

// JWKS returns the public token keys as a JSON Web Key Set (RFC 7517).
func (k *Keys) JWKS() ([]byte, error) { return json.Marshal(k.current().public) }

// current returns the keys, at most a second behind their file.
func (k *Keys) current() *keySet {
	k.mu.RLock()
	set, fresh := k.set, k.path == "" || time.Since(k.checked) < time.Second
	k.mu.RUnlock()
	if fresh {
		return set
	}
	return k.reload()
}

// reload looks whether the file has changed. A file that cannot be read or understood changes
// nothing: the server goes on with the keys it has.
func (k *Keys) reload() *keySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path == "" {
		return k.set
	}
	k.checked = time.Now()
	info, err := os.Stat(k.path)
	// Two files that came one after the other may have one time.
	if err != nil || os.SameFile(info, k.read) && info.ModTime().Equal(k.read.ModTime()) {
		return k.set
	}
	text, err := os.ReadFile(k.path)
	if err != nil {
		return k.set
	}
	if set, err := parse(string(text)); err == nil {
		k.set, k.read = set, info
	}
	return k.set
}

func newTokenKey() (json.RawMessage, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := jwk.FromRaw(private)
	if err != nil {
		return nil, err
	}
	if err := jwk.AssignKeyID(key); err != nil {
		return nil, err
	}
	if err := key.Set(jwk.AlgorithmKey, jwa.EdDSA); err != nil {
		return nil, err
	}
	if err := key.Set(jwk.KeyUsageKey, jwk.ForSignature); err != nil {
		return nil, err
	}
	return json.Marshal(key)
}

// Rotate returns the secrets with a new key that signs tokens. The previous one stays valid beside it; older ones go.
func (k *Keys) Rotate() (text []byte, err error) {
	var file keyFile
	if err := json.Unmarshal([]byte(k.reload().raw), &file); err != nil {
		return nil, err
	}
	key, err := newTokenKey()
	if err != nil {
		return nil, err
	}
	file.Token = []json.RawMessage{key, file.Token[0]}
	return json.Marshal(file)
}

// SaveKeys puts secrets into a file that only its owner may read, wholly or not at all.
func SaveKeys(path string, text []byte) error {
	if _, err := parse(string(text)); err != nil {
		return err
	}
	aside, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(aside.Name()) //nolint:errcheck // gone after the rename
	if _, err := aside.Write(append(text, '\n')); err != nil {
		return errors.Join(err, aside.Close())
	}
	if err := errors.Join(aside.Sync(), aside.Close()); err != nil {
		return err
	}
	return os.Rename(aside.Name(), path)
}
