package service

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Keys are rotated twice while two servers work, which share the key file, with tokens old and new: no request is lost.
func TestRotation_LosesNoRequest(t *testing.T) {
	t.Parallel()
	file := keyFile(t)
	first := newPortal(t, withKeysOf(t, file))
	second := newPortal(t, withKeysOf(t, file), func(s *harness.Settings) { s.Database = first.Database })

	before := first.Session(harness.Email(harness.CompanyA, auth.Admin))
	load := startLoad(t, first, second, before)
	for range 2 {
		rotate(t, file)
		followed := load.done.Load() + 100
		harness.WaitFor(t, "both servers to follow", func() bool {
			return signer(t, first.Keys) == signer(t, second.Keys) && signer(t, first.Keys) == signerIn(t, file) && load.done.Load() > followed
		})
		// The token that the load goes on with is signed by the key that was new a moment ago,
		// and is there before the one before it goes.
		fresh := first.Session(harness.Email(harness.CompanyA, auth.Admin)).AccessToken
		load.token.Store(&fresh)
		second.Do("GET", "/verify-token", fresh, nil).Want(t, http.StatusOK)
	}
	t.Logf("%d requests under two rotations", load.stop())

	// After the second rotation the first key is gone, and what it signed is over.
	first.Do("GET", "/verify-token", before.AccessToken, nil).Want(t, http.StatusUnauthorized)
}

// A server that has not read the file since does so at once for a token of a key that it does not know.
func TestRotation_UnknownKeyIsLookedForAtOnce(t *testing.T) {
	t.Parallel()
	file := keyFile(t)
	first := newPortal(t, withKeysOf(t, file))
	second := newPortal(t, withKeysOf(t, file), func(s *harness.Settings) { s.Database = first.Database })

	first.Do("GET", "/verify-token", first.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
	rotate(t, file)
	harness.WaitFor(t, "the first server to sign with the new key", func() bool { return signer(t, first.Keys) == signerIn(t, file) })
	second.Do("GET", "/verify-token", first.Session(harness.Email(harness.CompanyA, auth.Admin)).AccessToken, nil).Want(t, http.StatusOK)
}

func TestRotation_BrokenFileChangesNothing(t *testing.T) {
	t.Parallel()
	file := keyFile(t)
	p := newPortal(t, withKeysOf(t, file))
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

// rotate does what `portal keys rotate` does.
func rotate(t *testing.T, file string) {
	t.Helper()
	keys, err := auth.LoadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := keys.Rotate()
	if err == nil {
		err = auth.SaveKeys(file, text)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// signer is the id of the key that signs now.
func signer(t *testing.T, keys *auth.Keys) string {
	t.Helper()
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

func signerIn(t *testing.T, file string) string {
	t.Helper()
	keys, err := auth.LoadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	return signer(t, keys)
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
