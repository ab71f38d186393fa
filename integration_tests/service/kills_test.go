package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/exports"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbox"
	"contractor-portal/server/vault"
)

// workerVariable makes this test's program a process that works jobs, to be killed.
const workerVariable = "TEST_WORKER"

// A mortal is what such a process is told.
type mortal struct {
	DB       db.Config
	Vault    []byte
	Provider string
	Dir      string // where exports are made
	Timeout  time.Duration
}

// workUntilKilled carries letters to a provider over HTTP, and makes exports.
func workUntilKilled() {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	var m mortal
	fail(json.Unmarshal([]byte(os.Getenv(workerVariable)), &m))
	ctx := context.Background()
	d, err := db.Open(ctx, m.DB)
	fail(err)
	w := jobs.New(jobs.Config{DB: d, Log: slog.New(slog.DiscardHandler), Timeout: m.Timeout})
	outbox.New(outbox.Config{Vault: vault.New(func() []byte { return m.Vault }), Workers: w, SendTime: time.Second}).Carry(outbox.Webhook, courier(m.Provider))
	exports.New(exports.Config{Tell: untold{}, Dir: m.Dir}).Work(w)
	fail(w.Start(ctx))
	fmt.Println("at work")
	select {}
}

// startMortal starts such a process on a portal's database, and waits until it works.
func startMortal(t *testing.T, p *portal, m mortal) *exec.Cmd {
	t.Helper()
	url := func(role string) string { return harness.Suite.Cluster.URL(role, p.Database) }
	m.DB = db.Config{App: url("portal_app"), Auth: url("portal_auth"), Platform: url("portal_platform"), Worker: url("portal_worker"), AppConns: 1, AuthConns: 1, PlatformConns: 1, WorkerConns: 8}
	m.Vault = harness.VaultKeys(p.Keys)
	told, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test's own program
	cmd.Env, cmd.Stderr = append(os.Environ(), workerVariable+"="+string(told)), os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal("a worker did not start: ", err)
	}
	return cmd
}

// A courier hands letters to a provider at a URL.
type courier string

func (c courier) Open(context.Context, *jobs.Job) (outbox.Round, error) { return c, nil }
func (c courier) Close() error                                          { return nil }

func (c courier) Send(ctx context.Context, id int64, content []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, string(c), bytes.NewReader(content))
	if err != nil {
		return "", err
	}
	req.Header.Set("X-Account", endpoint.Caller(ctx).CustomerID())
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", jobs.Retry(jobs.Unreachable, err)
	}
	return strconv.FormatInt(id, 10), answer.Body.Close()
}

// A tally is a provider that counts what it was handed, by text, and whose account it came from.
type tally struct {
	mu      sync.Mutex
	handed  map[string]int
	foreign int
}

func (c *tally) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var l letter
	_ = json.NewDecoder(r.Body).Decode(&l)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handed[l.Text]++
	if l.Company != r.Header.Get("X-Account") {
		c.foreign++
	}
}

// Servers die by kill -9 while two companies write messages: each message is handed over, and none twice but those under way
// at a death.
func TestOutbox_ServersDie(t *testing.T) {
	t.Parallel()
	kills, messages := 5, 200
	if os.Getenv("TEST_MESSAGES") != "" {
		kills, messages = 50, 2000
	}
	c := &tally{handed: map[string]int{}}
	provider := httptest.NewServer(c)
	defer provider.Close()
	p := post(t, nil)
	start := func() *exec.Cmd { return startMortal(t, p, mortal{Provider: provider.URL, Timeout: 3 * time.Second}) }

	// Two servers, which die in turn.
	servers := []*exec.Cmd{start(), start()}
	defer func() {
		for _, cmd := range servers {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()
	perRound := messages / 2 / kills
	for i := range kills {
		for _, company := range []string{harness.CompanyA, harness.CompanyB} {
			var texts []string
			for n := range perRound {
				texts = append(texts, fmt.Sprintf("%s-%d-%d", company, i, n))
			}
			write(p, company, "text="+strings.Join(texts, ",")).Want(t, http.StatusOK)
		}
		// In the midst of it.
		time.Sleep(time.Duration(10+7*(i%9)) * time.Millisecond)
		if err := servers[i%2].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = servers[i%2].Wait() // it was killed
		servers[i%2] = start()
	}
	begun := time.Now()
	for deadline := begun.Add(3 * time.Minute); unsent(p) > 0 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
	}
	took := time.Since(begun)

	c.mu.Lock()
	defer c.mu.Unlock()
	repeated, most := 0, 0
	for _, n := range c.handed {
		if n > 1 {
			repeated++
		}
		most = max(most, n)
	}
	harness.Summarize("outbox: %d messages of two companies, %d deaths by kill -9: %d handed over, %d of them more than once (%d times at most), %d by another company's account; all sent %.0f s after the last death\n",
		2*kills*perRound, kills, len(c.handed), repeated, most, c.foreign, took.Seconds())
	if len(c.handed) != 2*kills*perRound || c.foreign > 0 || unsent(p) > 0 {
		t.Errorf("%d of %d messages were handed over, %d left, %d by the wrong account", len(c.handed), 2*kills*perRound, unsent(p), c.foreign)
	}
	// Under way at a death is one message of each company.
	if repeated > 2*kills {
		t.Errorf("%d messages were handed over twice by %d deaths", repeated, kills)
	}
	if n := harness.Query[int](p.Portal, `select count(*)::int from portal.outbox where status <> 'sent'`); n != 0 {
		t.Errorf("%d messages are not noted as sent", n)
	}
}
