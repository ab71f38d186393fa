package features

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/automation"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbox"
	"contractor-portal/server/settings"
	"contractor-portal/server/vault"
)

// A workflow takes what a company's portal delivers. It fails the test on what it does not know.
type workflow struct {
	URL string

	t      testing.TB
	mu     sync.Mutex
	secret string
	status int
	taken  []taken
}

// What was delivered, and whether its signature is by the company's secret.
type taken struct {
	ID, ErrorID, Message, Phone string
	Genuine                     bool
}

func newWorkflow(t testing.TB) *workflow {
	t.Helper()
	w := &workflow{t: t, status: http.StatusOK}
	web := httptest.NewServer(w)
	t.Cleanup(web.Close)
	w.URL = web.URL + "/webhook"
	return w
}

func (w *workflow) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var d struct {
		Body struct {
			ErrorID   string `json:"error_id"`
			Message   string `json:"message"`
			Phone     string `json:"phone"`
			Timestamp string `json:"timestamp"`
		} `json:"body"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil || d.Body.Timestamp == "" || r.Method != http.MethodPost || r.URL.Path != "/webhook/human-decision" || r.Header.Get("Content-Type") != "application/json" {
		w.t.Errorf("%s %s: %s (%v)", r.Method, r.URL, body, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	verifier, err := standardwebhooks.NewWebhook(w.secret)
	if err != nil {
		w.t.Error(err)
	}
	w.taken = append(w.taken, taken{r.Header.Get("Webhook-Id"), d.Body.ErrorID, d.Body.Message, d.Body.Phone, verifier.Verify(body, r.Header) == nil})
	answer.WriteHeader(w.status)
}

func (w *workflow) all() []taken {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]taken{}, w.taken...)
}

func (w *workflow) answers(status int) { w.mu.Lock(); defer w.mu.Unlock(); w.status = status }

// A flowing portal delivers decisions, which its people make by a call of the test's own.
type flowing struct {
	*portal
	vault *vault.Vault
}

func newFlowing(t *testing.T) *flowing {
	t.Helper()
	f := &flowing{vault: harness.VaultOf(harness.Suite.Keys)}
	keys := settings.New(f.vault, nil)
	f.portal = newPortal(t, func(s *harness.Settings) {
		var flows *automation.Service
		within := func(w *jobs.Workers) *outbox.Outbox {
			box := outbox.New(outbox.Config{Vault: f.vault, Workers: w})
			flows = automation.New(automation.Config{Keys: keys, Calls: harness.Loopback(), Outbox: box})
			return box
		}
		s.Own = func(w *jobs.Workers) { within(w).Carry(outbox.Webhook, flows) }
		s.Routes = func(api endpoint.API) {
			api = api.Tag("test", "Of a test.")
			endpoint.Post(api, "/test/decide", "testDecide", "Decide", func(ctx context.Context, tx db.Tx, in *struct {
				ErrorID string `query:"error_id"`
			},
			) (endpoint.Message, error) {
				return endpoint.Message{}, flows.Decide(ctx, tx, in.ErrorID, "FIX", "+17165550100")
			}, endpoint.Members)
		}
	})
	return f
}

// goesTo stores a company's address, past what the settings refuse.
func (f *flowing) goesTo(company, address string) {
	f.T.Helper()
	const name = "n8n_webhook_url"
	sealed, err := f.vault.Seal(vault.Place{Customer: company, Table: "api_keys", Column: "key_ciphertext", Name: name}, address)
	if err != nil {
		f.T.Fatal(err)
	}
	f.Exec(`delete from portal.api_keys where customer_id = $1 and key_name = $2`, company, name)
	f.Exec(`insert into portal.api_keys (customer_id, key_name, key_ciphertext) values ($1, $2, $3)`, company, name, sealed)
}

func (f *flowing) secret(company string) (secret string) {
	f.T.Helper()
	var made struct {
		WebhookSecret string `json:"webhook_secret"`
	}
	f.Do("POST", "/n8n/webhook-secret", f.Token(company, auth.Admin), nil).Want(f.T, http.StatusOK).JSON(f.T, &made)
	return made.WebhookSecret
}

func (f *flowing) decide(company, errorID string) {
	f.T.Helper()
	f.Do("POST", "/test/decide?error_id="+errorID, f.Token(company, auth.Admin), nil).Want(f.T, http.StatusOK)
}

type flowStatus struct {
	Configured bool `json:"webhook_configured"`
	Signed     bool `json:"webhook_signed"`
	Failures   int
	Deliveries []struct {
		Kind, Status string
		Tries        int
		ErrorCode    *string `json:"error_code"`
		Error        *string
	}
}

func (f *flowing) status(company string) (s flowStatus) {
	f.T.Helper()
	f.Do("GET", "/n8n/status", f.Token(company, auth.Admin), nil).Want(f.T, http.StatusOK).JSON(f.T, &s)
	return s
}

// last waits for what becomes of the last delivery.
func (f *flowing) last(company, want string) {
	f.T.Helper()
	have := ""
	defer func() {
		if f.T.Failed() {
			f.T.Logf("the last delivery is %q, want %q", have, want)
		}
	}()
	harness.WaitFor(f.T, want, func() bool {
		if s := f.status(company); len(s.Deliveries) > 0 {
			d := s.Deliveries[0]
			have = fmt.Sprintf("%s %d", d.Status, d.Tries)
			if d.ErrorCode != nil {
				have += " " + *d.ErrorCode
			}
		}
		return have == want
	})
}

// due has what waits for its next try be tried now.
func (f *flowing) due() {
	f.T.Helper()
	// A drain that has said what became of a message has yet to put itself off.
	harness.WaitFor(f.T, "the end of running jobs", func() bool {
		return harness.Query[int](f.Portal, `select count(*) from jobs.river_job where state = 'running'`) == 0
	})
	f.Exec(`update portal.outbox set next_try_at = now() where status = 'queued'`)
	f.Exec(`update jobs.river_job set scheduled_at = now(), state = 'available' where state in ('scheduled', 'retryable')`)
}

func TestWebhook_IsSignedAndOfItsCompany(t *testing.T) {
	t.Parallel()
	f, a, b := newFlowing(t), newWorkflow(t), newWorkflow(t)
	if s := f.status(harness.CompanyA); s.Configured || s.Signed || len(s.Deliveries) != 0 {
		t.Errorf("%+v", s)
	}
	f.goesTo(harness.CompanyA, a.URL)
	f.goesTo(harness.CompanyB, b.URL+"/")
	a.secret, b.secret = f.secret(harness.CompanyA), f.secret(harness.CompanyB)
	if !strings.HasPrefix(a.secret, "whsec_") || a.secret == b.secret {
		t.Errorf("%q, %q", a.secret, b.secret)
	}
	f.decide(harness.CompanyA, "E-A")
	f.decide(harness.CompanyB, "E-B")
	f.last(harness.CompanyA, "sent 1")
	f.last(harness.CompanyB, "sent 1")
	for of, w := range map[string]*workflow{"E-A": a, "E-B": b} {
		if all := w.all(); len(all) != 1 || all[0].ErrorID != of || all[0].Message != "FIX" || all[0].Phone != "+17165550100" || !all[0].Genuine || !strings.HasPrefix(all[0].ID, "msg_") {
			t.Errorf("%s: %+v", of, all)
		}
	}
	if s := f.status(harness.CompanyA); !s.Configured || !s.Signed || s.Failures != 0 || len(s.Deliveries) != 1 || s.Deliveries[0].Kind != "human_decision" {
		t.Errorf("%+v", s)
	}
	// Another secret signs from now on, and the one before does not.
	old := a.secret
	again := f.secret(harness.CompanyA)
	f.decide(harness.CompanyA, "E-2")
	f.last(harness.CompanyA, "sent 1")
	harness.WaitFor(t, "the second", func() bool { return len(a.all()) == 2 })
	if a.all()[1].Genuine || old == again {
		t.Error("the old secret signs still")
	}
	// The secret is in no answer but that one, nor in a log.
	keys := f.Do("GET", "/settings/api-keys/", f.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
	for _, text := range []string{string(keys.Body), f.Log.String(), harness.Query[string](f.Portal, `select coalesce(string_agg(l::text, ' '), '') from platform.audit_log l`)} {
		if strings.Contains(text, again) || strings.Contains(text, a.URL) {
			t.Error("a secret is shown")
		}
	}
	for _, role := range harness.Roles[1:] {
		f.Do("POST", "/n8n/webhook-secret", f.Token(harness.CompanyA, role), nil).Problem(t, http.StatusForbidden)
		f.Do("GET", "/n8n/status", f.Token(harness.CompanyA, role), nil).Problem(t, http.StatusForbidden)
	}
	f.Do("POST", "/n8n/webhook-secret", f.ActingToken(), nil).Problem(t, http.StatusForbidden)
}

// What may arrive later is tried three times, under one id; what is refused is not.
func TestWebhook_ThreeTries(t *testing.T) {
	t.Parallel()
	f, w := newFlowing(t), newWorkflow(t)
	f.goesTo(harness.CompanyA, w.URL)
	w.secret = f.secret(harness.CompanyA)
	w.answers(http.StatusInternalServerError)
	f.decide(harness.CompanyA, "E-1")
	f.last(harness.CompanyA, "queued 1 unreachable")
	f.due()
	f.last(harness.CompanyA, "queued 2 unreachable")
	f.due()
	f.last(harness.CompanyA, "failed 3 too-old")
	if all := w.all(); len(all) != 3 || all[0].ID != all[2].ID || !all[2].Genuine {
		t.Errorf("%+v", all)
	}
	s := f.status(harness.CompanyA)
	if s.Failures != 1 || s.Deliveries[0].Error == nil || f.status(harness.CompanyB).Failures != 0 {
		t.Errorf("%+v", s)
	}
	f.due()
	w.answers(http.StatusBadRequest)
	f.decide(harness.CompanyA, "E-2")
	f.last(harness.CompanyA, "failed 1 refused")
	w.answers(http.StatusFound)
	f.decide(harness.CompanyA, "E-3")
	f.last(harness.CompanyA, "failed 1 refused")
	w.answers(http.StatusOK)
	f.decide(harness.CompanyA, "E-4")
	f.last(harness.CompanyA, "sent 1")
}

// Nothing leaves without TLS, for an address of the portal's own network, or unsigned.
func TestWebhook_GoesToPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	f := newFlowing(t)
	admin := f.Token(harness.CompanyA, auth.Admin)
	store := func(address string) harness.Answer {
		return f.Do("POST", "/settings/api-keys/", admin, map[string]string{"key_name": "n8n_webhook_url", "key_value": address})
	}
	for _, address := range []string{"http://n8n.example.com/webhook", "n8n.example.com", "https:///webhook", "ftp://n8n.example.com", "https://user:word@n8n.example.com"} {
		if p := store(address).Problem(t, http.StatusUnprocessableEntity); strings.Contains(p.Detail, address) {
			t.Errorf("%s: %s", address, p.Detail)
		}
	}
	store("https://n8n.example.com/webhook").Want(t, http.StatusOK)
	f.decide(harness.CompanyA, "E-0")
	f.last(harness.CompanyA, "queued 1 not-configured") // no secret yet
	f.secret(harness.CompanyA)
	f.Exec(`delete from portal.outbox`)
	for i, address := range []string{"http://n8n.example.com/webhook", "https://10.0.0.1/webhook", "https://[::1]/webhook", "https://169.254.169.254/latest", "://"} {
		f.goesTo(harness.CompanyA, address)
		f.decide(harness.CompanyA, fmt.Sprintf("E-%d", i+1))
		f.last(harness.CompanyA, "failed 1 bad-account")
		f.due()
		f.Exec(`delete from portal.outbox`)
	}
}
