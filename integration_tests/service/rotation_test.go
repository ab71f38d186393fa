package service

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Keys of either kind are rotated twice while two servers work, which share the key file, with tokens
// old and new: no request is lost.
func TestRotation_LosesNoRequest(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"mac", "token"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			file := keyFile(t)
			first := newPortal(t, withKeysOf(t, file))
			second := newPortal(t, withKeysOf(t, file), func(s *harness.Settings) { s.Database = first.Database })
			setPads(t, first)

			before := first.Session(harness.Email(harness.CompanyA, auth.Admin))
			load := startLoad(t, first, second, before)
			for range 2 {
				rotate(t, first, file, kind)
				followed := load.done.Load() + 100
				harness.WaitFor(t, "both servers to follow", func() bool {
					return signer(t, first.Keys, kind) == signer(t, second.Keys, kind) && signer(t, first.Keys, kind) == signerIn(t, file, kind) && load.done.Load() > followed
				})
				// The token that the load goes on with is signed by the key that was new a moment ago,
				// and is there before the one before it goes.
				fresh := first.Session(harness.Email(harness.CompanyA, auth.Admin)).AccessToken
				load.token.Store(&fresh)
				second.Do("GET", "/verify-token", fresh, nil).Want(t, http.StatusOK)
			}
			t.Logf("%d requests under two rotations", load.stop())

			// After the second rotation the first key is gone: of token keys, what it signed is over.
			want := http.StatusOK
			if kind == "token" {
				want = http.StatusUnauthorized
			}
			first.Do("GET", "/verify-token", before.AccessToken, nil).Want(t, want)
		})
	}
}

// A server that has not read the file since does so at once for a token of a key that it does not know.
func TestRotation_UnknownKeyIsLookedForAtOnce(t *testing.T) {
	t.Parallel()
	file := keyFile(t)
	first := newPortal(t, withKeysOf(t, file))
	second := newPortal(t, withKeysOf(t, file), func(s *harness.Settings) { s.Database = first.Database })
	setPads(t, first)

	first.Do("GET", "/verify-token", first.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
	rotate(t, first, file, "token")
	harness.WaitFor(t, "the first server to sign with the new key", func() bool { return signer(t, first.Keys, "token") == signerIn(t, file, "token") })
	second.Do("GET", "/verify-token", first.Session(harness.Email(harness.CompanyA, auth.Admin)).AccessToken, nil).Want(t, http.StatusOK)
}

func TestRotation_BrokenFileChangesNothing(t *testing.T) {
	t.Parallel()
	file := keyFile(t)
	p := newPortal(t, withKeysOf(t, file))
	setPads(t, p)
	token := p.Token(harness.CompanyA, auth.Admin)
	if err := auth.SaveKeys(file, []byte("{}")); err == nil {
		t.Error("keys that nobody can use were saved")
	}
	if err := os.WriteFile(file, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // longer than keys are believed without a look at the file
	p.Do("GET", "/verify-token", token, nil).Want(t, http.StatusOK)
	p.Login(harness.Email(harness.CompanyA, auth.Admin), "").Want(t, http.StatusOK)
}

func keyFile(t *testing.T) string {
	t.Helper()
	text, err := auth.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := auth.SaveKeys(file, text); err != nil {
		t.Fatal(err)
	}
	return file
}

// withKeysOf gives a server keys of its own, read from the file.
func withKeysOf(t *testing.T, file string) func(*harness.Settings) {
	return func(s *harness.Settings) {
		var err error
		if s.Keys, err = auth.LoadKeys(file); err != nil {
			t.Fatal(err)
		}
	}
}

// setPads makes the MAC keys of a server known to its database, where the suite's were.
func setPads(t *testing.T, p *portal) {
	t.Helper()
	var pads []install.Pad
	for _, pad := range p.Keys.Pads() {
		pads = append(pads, install.Pad(pad))
	}
	if err := install.SetPads(t.Context(), harness.Suite.Cluster.URL("", p.Database), pads); err != nil {
		t.Fatal(err)
	}
}

// rotate does what `portal keys rotate` does.
func rotate(t *testing.T, p *portal, file, kind string) {
	t.Helper()
	keys, err := auth.LoadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := keys.Rotate(kind)
	if err != nil {
		t.Fatal(err)
	}
	if kind == "mac" {
		next, err := auth.ParseKeys(string(text))
		if err != nil {
			t.Fatal(err)
		}
		setPads(t, &portal{&harness.Portal{Keys: next, Database: p.Database}})
	}
	if err := auth.SaveKeys(file, text); err != nil {
		t.Fatal(err)
	}
}

// signer is the id of the key that signs now.
func signer(t *testing.T, keys *auth.Keys, kind string) string {
	t.Helper()
	if kind == "mac" {
		return fmt.Sprint(keys.Pads()[0].KeyID)
	}
	var set struct {
		Keys []struct{ KID string }
	}
	text, err := keys.JWKS()
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	if err != nil {
		t.Fatal(err)
	}
	return set.Keys[0].KID
}

func signerIn(t *testing.T, file, kind string) string {
	t.Helper()
	keys, err := auth.LoadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	return signer(t, keys, kind)
}

// A load asks two servers all the time, reads and writes, and notes every answer that is not 200.
type load struct {
	t     *testing.T
	token atomic.Pointer[string]
	done  atomic.Int64
	ended chan struct{}
	all   sync.WaitGroup
}

func startLoad(t *testing.T, first, second *portal, s harness.Pair) *load {
	t.Helper()
	l := &load{t: t, ended: make(chan struct{})}
	l.token.Store(&s.AccessToken)
	for _, p := range []*portal{first, second} {
		for _, method := range []string{"GET", "PUT"} {
			l.all.Go(func() { l.run(p, method) })
		}
	}
	return l
}

func (l *load) run(p *portal, method string) {
	for {
		select {
		case <-l.ended:
			return
		default:
		}
		path, body := "/properties/", any(nil)
		if method == "PUT" {
			path, body = "/update-profile", map[string]string{"address": "1 Main St"}
		}
		a, err := p.Try(l.t.Context(), method, path, *l.token.Load(), body)
		if err != nil || a.Status != http.StatusOK {
			l.t.Errorf("request %d, %s: status %d: %s %v", l.done.Load(), method, a.Status, a.Body, err)
			return
		}
		l.done.Add(1)
	}
}

func (l *load) stop() int64 {
	close(l.ended)
	l.all.Wait()
	return l.done.Load()
}
