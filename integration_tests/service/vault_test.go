package service

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/vault"
)

const (
	storedKeys = "/settings/api-keys/"
	planted    = "pk.planted-map-token-"
)

// A sealed is a portal whose vault the program's commands change.
type sealed struct {
	*portal
	file string
}

func (s sealed) command(args ...string) (out string, err error) {
	s.T.Helper()
	variables := []string{"DATABASE_URL=" + harness.Suite.Cluster.URL("", s.Database), "PORTAL_KEYS_FILE=" + s.file}
	return harness.CommandWith(s.T.(*testing.T), variables, append([]string{"keys"}, args...)...)
}

func (s sealed) must(args ...string) string {
	s.T.Helper()
	out, err := s.command(args...)
	if err != nil {
		s.T.Fatalf("keys %v: %v: %s", args, err, out)
	}
	return out
}

// vaultKeys are what a server reports of its vault.
func vaultKeys(p *portal) (primary uint32, all []uint32) {
	p.T.Helper()
	var ready struct {
		VaultKey  uint32   `json:"vault_key"`
		VaultKeys []uint32 `json:"vault_keys"`
	}
	p.Do("GET", "/readyz", "", nil).JSON(p.T, &ready)
	return ready.VaultKey, ready.VaultKeys
}

// A key of the vault is added, promoted, and its predecessor retired, while two servers read and store secrets: no
// call is lost, and no key goes while something is sealed with it.
func TestVault_RotationLosesNoCall(t *testing.T) {
	t.Parallel()
	file := keyFile(t)
	keys, err := auth.LoadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	keyset, err := vault.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	text, err := keys.WithVault(keyset)
	if err == nil {
		err = auth.SaveKeys(file, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	first := newPortal(t, withKeysOf(t, file))
	second := newPortal(t, withKeysOf(t, file), func(s *harness.Settings) { s.Database = first.Database })
	s := sealed{first, file}

	for i, company := range []string{harness.CompanyA, harness.CompanyB} {
		for _, name := range []string{"mapbox_token", "openai_api_key"} {
			first.Do("POST", storedKeys, first.Token(company, auth.Admin), map[string]any{"key_name": name, "key_value": fmt.Sprint(planted, i)}).Want(t, http.StatusOK)
		}
	}
	old, _ := vaultKeys(first)
	both := func(what string, isSo func(primary uint32, all []uint32) bool) {
		t.Helper()
		harness.WaitFor(t, what, func() bool { return isSo(vaultKeys(first)) && isSo(vaultKeys(second)) })
	}
	l := startSecrets(t, first, second)

	s.must("add")
	var id uint32
	both("both servers to know the new key", func(primary uint32, all []uint32) bool {
		if len(all) == 2 {
			id = all[1]
		}
		return primary == old && len(all) == 2
	})
	s.must("promote", fmt.Sprint(id))
	both("both servers to seal with the new key", func(primary uint32, _ []uint32) bool { return primary == id })
	if out, err := s.command("retire", fmt.Sprint(old)); err == nil || !strings.Contains(out, "has sealed") {
		t.Errorf("a key is retired with which something is sealed: %s", out)
	}
	if out, err := s.command("retire", fmt.Sprint(id)); err == nil {
		t.Errorf("the key that seals is retired: %s", out)
	}
	s.must("reseal")
	s.must("retire", fmt.Sprint(old))
	both("both servers to forget the old key", func(_ uint32, all []uint32) bool { return slices.Equal(all, []uint32{id}) })
	after := l.done.Load() + 50
	harness.WaitFor(t, "calls after the rotation", func() bool { return l.done.Load() > after })
	l.stop()
	t.Logf("%d calls under a rotation", l.done.Load())
	if n := harness.Query[int64](first.Portal, "select count(*) from portal.api_keys where substr(key_ciphertext, 2, 4) <> $1", []byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}); n != 0 {
		t.Errorf("%d are sealed with another key", n)
	}
}

type secrets struct {
	done  atomic.Int64
	ended chan struct{}
	all   sync.WaitGroup
}

// startSecrets has two servers open one company's secret and store the other's, all the time.
func startSecrets(t *testing.T, servers ...*portal) *secrets {
	t.Helper()
	l := &secrets{ended: make(chan struct{})}
	reader, writer := servers[0].Token(harness.CompanyA, auth.User), servers[0].Token(harness.CompanyB, auth.Admin)
	for _, p := range servers {
		l.all.Go(func() {
			l.loop(func() bool {
				a, err := p.Try(t.Context(), "GET", storedKeys+"mapbox_token", reader, nil)
				return l.count(t, a, err, planted+"0")
			})
		})
		l.all.Go(func() {
			l.loop(func() bool {
				a, err := p.Try(t.Context(), "POST", storedKeys, writer, map[string]any{"key_name": "mapbox_token", "key_value": planted + "1"})
				if !l.count(t, a, err, "") {
					return false
				}
				a, err = p.Try(t.Context(), "GET", storedKeys+"mapbox_token", writer, nil)
				return l.count(t, a, err, planted+"1")
			})
		})
	}
	return l
}

func (l *secrets) loop(do func() bool) {
	for do() {
		select {
		case <-l.ended:
			return
		default:
		}
	}
}

func (l *secrets) count(t *testing.T, a harness.Answer, err error, want string) bool {
	if err != nil || a.Status != http.StatusOK || !strings.Contains(string(a.Body), want) {
		t.Errorf("call %d: status %d: %s %v", l.done.Load(), a.Status, a.Body, err)
		return false
	}
	l.done.Add(1)
	return true
}

func (l *secrets) stop() {
	close(l.ended)
	l.all.Wait()
}

// What does not open is named, and the rest is sealed anew.
func TestVault_ResealNamesWhatDoesNotOpen(t *testing.T) {
	t.Parallel()
	file := keyFile(t)
	s := sealed{newPortal(t, withKeysOf(t, file)), file}
	s.must("add") // the first
	keys, err := auth.LoadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := harness.VaultOf(keys).Keys()
	if err != nil {
		t.Fatal(err)
	}
	// Before that the portal seals with the suite's.
	harness.WaitFor(t, "the vault", func() bool { primary, _ := vaultKeys(s.portal); return primary == first })
	s.Do("POST", storedKeys, s.Token(harness.CompanyA, auth.Admin), map[string]any{"key_name": "mapbox_token", "key_value": planted}).Want(t, http.StatusOK)
	s.Do("POST", storedKeys, s.Token(harness.CompanyB, auth.Admin), map[string]any{"key_name": "mapbox_token", "key_value": planted}).Want(t, http.StatusOK)
	s.Exec(`update portal.api_keys set key_ciphertext = (select key_ciphertext from portal.api_keys where customer_id = $1) where customer_id = $2`, harness.CompanyA, harness.CompanyB)
	s.must("add")
	var id uint32
	harness.WaitFor(t, "the second key", func() bool {
		_, all := vaultKeys(s.portal)
		if len(all) == 2 {
			id = all[1]
		}
		return id != 0
	})
	s.must("promote", fmt.Sprint(id))
	out, err := s.command("reseal")
	if err == nil || !strings.Contains(out, "1 values are sealed anew") || !strings.Contains(out, "of BBBB33333") || strings.Contains(out, planted) {
		t.Errorf("%v: %s", err, out)
	}
}

// Sealing anew comes to every column that the register of secrets names.
func TestVault_KnowsEverySealedColumn(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Run("every table", harness.EveryTableSQL) // whose secrets open nowhere
	found, _ := p.Super.Query(t.Context(), `select split_part(table_name, '.', 2) || '.' || column_name from tenancy.secret_columns where table_name ~ '^portal\.' order by 1`)
	want, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	keyset, err := vault.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	v, r := vault.New(func() []byte { return keyset }), vault.Resealing{}
	for !r.Done {
		if err := install.Transaction(t.Context(), harness.Suite.Cluster.URL("", p.Database), func(ctx context.Context, tx pgx.Tx) error {
			return r.Next(ctx, db.Adopt(tx), v)
		}); err != nil {
			t.Fatal(err)
		}
	}
	var have []string
	for _, row := range r.Unopened {
		column, _, _ := strings.Cut(row, ",")
		have = append(have, column)
	}
	slices.Sort(have)
	if d := cmp.Diff(want, slices.Compact(have)); d != "" || r.Resealed != 0 {
		t.Errorf("%d sealed anew; (-want +got)\n%s", r.Resealed, d)
	}
}
