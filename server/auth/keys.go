package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// macKeySize is the size of a MAC key in bytes, that of SHA-256's output.
const macKeySize = 32

// A keyFile is the form of the secrets at rest (PORTAL_KEYS or the file PORTAL_KEYS_FILE). The first
// key of each list signs; all of them verify.
type keyFile struct {
	MAC   []macKey          `json:"mac"`
	Token []json.RawMessage `json:"token"` // private Ed25519 JWKs
}

type macKey struct {
	ID  int32  `json:"id"`
	Key string `json:"key"` // base64
}

// maxTokens is how many tokens a server remembers, about 500 bytes each.
const maxTokens = 4096

// A keySet is a keyFile made ready. It is never changed, but for the tokens that it has verified.
type keySet struct {
	raw     string
	macID   int32
	mac     []byte
	pads    []Pad
	signing jwk.Key
	public  jwk.Set
	tokens  *lru.Cache[[sha256.Size]byte, verified]
}

// A Pad is a MAC key as the database holds it: xor'ed into HMAC's inner and outer block (RFC 2104).
// From a pad a MAC can be made, but it is not the key that other servers are given.
type Pad struct {
	KeyID        int32
	Inner, Outer []byte // 64 bytes each
}

// Keys are the server's secrets: the MAC keys that sign entries into a tenant, and the keys that sign
// tokens. Where they come from a file, a change of the file is seen within a second, and at once when
// a token names an unknown key: a rotation needs no restart.
type Keys struct {
	path string

	mu      sync.RWMutex
	set     *keySet
	checked time.Time
	changed time.Time // of the file
}

// NewKeys makes a fresh set of secrets, in the form that ParseKeys reads, on one line.
func NewKeys() ([]byte, error) {
	mac, err := newMACKey(1)
	if err != nil {
		return nil, err
	}
	token, err := newTokenKey()
	if err != nil {
		return nil, err
	}
	return json.Marshal(keyFile{MAC: []macKey{mac}, Token: []json.RawMessage{token}})
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
	return &Keys{path: path, set: set, checked: time.Now(), changed: info.ModTime()}, nil
}

func parse(text string) (*keySet, error) {
	var file keyFile
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		return nil, errors.New("the keys are not the JSON that `portal keys new` prints")
	}
	if len(file.MAC) == 0 || len(file.Token) == 0 {
		return nil, errors.New("the keys need at least one mac and one token key")
	}
	tokens, err := lru.New[[sha256.Size]byte, verified](maxTokens)
	if err != nil {
		return nil, err
	}
	set := &keySet{raw: text, public: jwk.NewSet(), tokens: tokens}
	for i, k := range file.MAC {
		key, err := base64.StdEncoding.DecodeString(k.Key)
		if err != nil || len(key) != macKeySize {
			return nil, fmt.Errorf("mac key %d is not %d bytes in base64", k.ID, macKeySize)
		}
		if i == 0 {
			set.macID, set.mac = k.ID, key
		}
		set.pads = append(set.pads, pad(k.ID, key))
	}
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

func pad(id int32, key []byte) Pad {
	p := Pad{KeyID: id, Inner: make([]byte, sha256.BlockSize), Outer: make([]byte, sha256.BlockSize)}
	copy(p.Inner, key)
	copy(p.Outer, key)
	for i := range p.Inner {
		p.Inner[i] ^= 0x36
		p.Outer[i] ^= 0x5c
	}
	return p
}

// Pads returns what the database needs of every MAC key.
func (k *Keys) Pads() []Pad { return k.current().pads }

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
	if err != nil || info.ModTime().Equal(k.changed) {
		return k.set
	}
	text, err := os.ReadFile(k.path)
	if err != nil {
		return k.set
	}
	if set, err := parse(string(text)); err == nil {
		k.set, k.changed = set, info.ModTime()
	}
	return k.set
}

// sign returns the id of the signing MAC key and the HMAC-SHA256 over the kind of the entry and its
// fields, each preceded by its length, as schema tenancy verifies it.
func (k *Keys) sign(kind string, fields ...string) (int32, []byte) {
	set := k.current()
	h := hmac.New(sha256.New, set.mac)
	message := make([]byte, 0, 160)
	message = appendField(message, kind)
	for _, f := range fields {
		message = appendField(message, f)
	}
	h.Write(message)
	return set.macID, h.Sum(nil)
}

// appendField writes length and text; an absent field is a bare colon, as concat leaves it in SQL.
func appendField(to []byte, field string) []byte {
	if field != "" {
		to = strconv.AppendInt(to, int64(len(field)), 10)
	}
	to = append(to, ':')
	return append(to, field...)
}

func newMACKey(id int32) (macKey, error) {
	key := make([]byte, macKeySize)
	_, err := rand.Read(key)
	return macKey{ID: id, Key: base64.StdEncoding.EncodeToString(key)}, err
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

// Rotate returns the secrets with a new signing key of one kind ("mac" or "token"). The previous one
// stays valid beside it; older ones go.
func (k *Keys) Rotate(kind string) (text []byte, err error) {
	var file keyFile
	if err := json.Unmarshal([]byte(k.reload().raw), &file); err != nil {
		return nil, err
	}
	switch kind {
	case "mac":
		key, err := newMACKey(file.MAC[0].ID + 1)
		if err != nil {
			return nil, err
		}
		file.MAC = []macKey{key, file.MAC[0]}
	case "token":
		key, err := newTokenKey()
		if err != nil {
			return nil, err
		}
		file.Token = []json.RawMessage{key, file.Token[0]}
	default:
		return nil, fmt.Errorf("there is no kind of key called %q", kind)
	}
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
