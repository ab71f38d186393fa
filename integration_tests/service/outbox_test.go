package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbox"
)

// A letter is a message of the tests.
type letter struct {
	Company string `json:"company"`
	Text    string `json:"text"`
}

// A delivery is one handing over.
type delivery struct {
	letter
	ID   int64
	From string // the company in which it was carried
	At   time.Time
}

// A postman carries letters; answer says what the provider does with one.
type postman struct {
	mu     sync.Mutex
	all    []delivery
	opened int
	open   func() error
	answer func(letter) error
}

func (m *postman) Open(context.Context, *jobs.Job) (outbox.Round, error) {
	m.mu.Lock()
	m.opened++
	m.mu.Unlock()
	if m.open != nil {
		if err := m.open(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *postman) Close() error { return nil }

func (m *postman) Send(ctx context.Context, id int64, content []byte) (string, error) {
	d := delivery{ID: id, From: endpoint.Caller(ctx).CustomerID(), At: time.Now()}
	if err := json.Unmarshal(content, &d.letter); err != nil {
		return "", err
	}
	m.mu.Lock()
	m.all = append(m.all, d)
	m.mu.Unlock()
	if m.answer == nil {
		return fmt.Sprint("P", id), nil
	}
	return fmt.Sprint("P", id), m.answer(d.letter)
}

func (m *postman) delivered() []delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.all)
}

// A post is a portal with an outbox whose letters a postman carries, or other processes, and a call by which everybody writes
// some.
func post(t *testing.T, m *postman) *portal {
	t.Helper()
	var box *outbox.Outbox
	return newPortal(t, func(s *harness.Settings) {
		within := func(w *jobs.Workers) {
			box = outbox.New(outbox.Config{Vault: harness.VaultOf(s.Keys), Workers: w, SendTime: 2 * time.Second})
		}
		if within(jobs.New(jobs.Config{})); m != nil {
			s.Own = func(w *jobs.Workers) { within(w); box.Carry(outbox.Webhook, m) }
		}
		s.Routes = func(api endpoint.API) {
			endpoint.Post(api, "/test/letters", "writeLetters", "", func(ctx context.Context, tx db.Tx, in *struct {
				Texts []string `query:"text"`
				Fails bool     `query:"fails"`
				Tries int      `query:"tries"`
			},
			) (out endpoint.Message, err error) {
				for _, text := range in.Texts {
					m := outbox.Message{Channel: outbox.Webhook, Kind: "test", Content: letter{endpoint.Caller(ctx).CustomerID(), text}, Tries: in.Tries}
					if err := box.Add(ctx, tx, m); err != nil {
						return out, err
					}
				}
				if in.Fails {
					return out, endpoint.Conflict("taken back")
				}
				return out, nil
			}, endpoint.Members)
		}
	})
}

func write(p *portal, company, query string) harness.Answer {
	p.T.Helper()
	return p.Do("POST", "/test/letters?"+query, p.Token(company, auth.Manager), nil)
}

func unsent(p *portal) int {
	return harness.Query[int](p.Portal, `select count(*)::int from portal.outbox where status in ('queued', 'sending')`)
}

// A message is sent once, by its own company, if its change was made; what it said is sealed until then and gone after it.
func TestOutbox_SendsOnce(t *testing.T) {
	t.Parallel()
	m, held := &postman{}, make(chan struct{})
	m.answer = func(letter) error { <-held; return nil }
	p := post(t, m)
	write(p, harness.CompanyA, "text=for+A,more+for+A").Want(t, http.StatusOK)
	write(p, harness.CompanyB, "text=for+B").Want(t, http.StatusOK)
	write(p, harness.CompanyA, "text=never&fails=true").Want(t, http.StatusConflict)
	if rows := harness.Query[string](p.Portal, `select string_agg(o::text, ' ') from portal.outbox o`); strings.Contains(rows, "for A") || strings.Contains(rows, fmt.Sprintf("%x", "for A")) {
		t.Errorf("a message lies open: %s", rows)
	}
	close(held)
	harness.WaitFor(t, "all letters", func() bool { return unsent(p) == 0 })
	var texts []string
	for _, d := range m.delivered() {
		if d.Company != d.From {
			t.Errorf("a letter of %s was carried in %s", d.Company, d.From)
		}
		texts = append(texts, d.From+" "+d.Text)
	}
	slices.Sort(texts)
	if got := strings.Join(texts, ", "); got != "AAAA22222 for A, AAAA22222 more for A, BBBB33333 for B" {
		t.Errorf("delivered: %s", got)
	}
	if n := harness.Query[int](p.Portal, `select count(*)::int from portal.outbox where status = 'sent' and message_ciphertext is null and provider_id = 'P' || id and finished_at is not null and attempts = 1`); n != 3 {
		t.Errorf("%d messages are noted as sent and erased", n)
	}
}

// What may succeed later is tried again with growing pauses, what cannot is given up at once, and so is what was tried often
// enough. A fault of the account or the provider ends the round: the next message would meet it too.
func TestOutbox_TriesAgain(t *testing.T) {
	t.Parallel()
	fault := map[string]error{
		"later": jobs.Retry(jobs.Refused, errors.New("busy")), "never": jobs.GiveUp(jobs.BadAddress, errors.New("no such address")), "throttled": jobs.Retry(jobs.Throttled, nil),
	}
	m := &postman{answer: func(l letter) error { return fault[l.Text] }}
	p := post(t, m)
	row := func() string {
		return harness.Query[string](p.Portal, `select string_agg(format('%s %s %s', status, attempts, coalesce(failure, '')), ', ' order by id) from portal.outbox`)
	}
	write(p, harness.CompanyA, "text=later,never,fine&tries=2").Want(t, http.StatusOK)
	harness.WaitFor(t, "the first round", func() bool { return row() == "queued 1 refused, failed 1 bad-address, sent 1 " })
	pause := harness.Query[float64](p.Portal, `select extract(epoch from next_try_at - updated_at)::float8 from portal.outbox where status = 'queued'`)
	if pause < 14 || pause > 16 {
		t.Errorf("the pause is %.1f s", pause)
	}
	// The drain waits until then.
	harness.WaitFor(t, "the drain to come when the message is due", func() bool {
		return harness.Query[bool](p.Portal, `select exists (select from jobs.river_job j, portal.outbox o
			where o.status = 'queued' and j.state = 'scheduled' and j.scheduled_at between o.next_try_at - interval '100 ms' and o.next_try_at + interval '100 ms')`)
	})
	due := func() {
		p.Exec(`update portal.outbox set next_try_at = now() where status = 'queued'`)
		p.Exec(`update jobs.river_job set scheduled_at = now(), state = 'available' where state = 'scheduled'`)
	}
	due()
	harness.WaitFor(t, "the end of its tries", func() bool { return strings.HasPrefix(row(), "failed 2 too-old,") })
	if n := harness.Query[int](p.Portal, `select count(*)::int from portal.outbox where message_ciphertext is not null`); n != 0 {
		t.Errorf("%d messages were not erased", n)
	}

	p.Exec(`delete from portal.outbox`)
	write(p, harness.CompanyA, "text=throttled,b,c").Want(t, http.StatusOK)
	harness.WaitFor(t, "a round that ends", func() bool { return row() == "queued 1 throttled, queued 0 , queued 0 " })
	delete(fault, "throttled")
	due()
	harness.WaitFor(t, "the others", func() bool { return unsent(p) == 0 })

	// No account: nothing is sent, and nothing is lost.
	p.Exec(`delete from portal.outbox`)
	configured := false
	m.open = func() error {
		if !configured {
			return jobs.Retry(jobs.NotConfigured, nil)
		}
		return nil
	}
	before := len(m.delivered())
	write(p, harness.CompanyA, "text=d,e").Want(t, http.StatusOK)
	harness.WaitFor(t, "a round that cannot begin", func() bool { return row() == "queued 1 not-configured, queued 0 " })
	if n := len(m.delivered()); n != before {
		t.Errorf("%d letters were handed to nobody", n-before)
	}
	configured = true
	due()
	harness.WaitFor(t, "the account", func() bool { return unsent(p) == 0 })
}

// A message that is copied into another company's rows does not open there.
func TestOutbox_CopyDoesNotOpen(t *testing.T) {
	t.Parallel()
	m := &postman{open: func() error { return jobs.Retry(jobs.NotConfigured, nil) }}
	p := post(t, m)
	write(p, harness.CompanyA, "text=of+A+alone").Want(t, http.StatusOK)
	harness.WaitFor(t, "a first try", func() bool {
		return harness.Query[int](p.Portal, `select count(*)::int from portal.outbox where status = 'queued' and attempts = 1`) == 1
	})
	p.Exec(`insert into portal.outbox (customer_id, channel, kind, message_name, message_ciphertext, created_by)
		select 'BBBB33333', channel, kind, message_name, message_ciphertext, null from portal.outbox`)
	p.Exec(`insert into portal.outbox (customer_id, channel, kind, message_name, message_ciphertext, created_by)
		select customer_id, channel, kind, gen_random_uuid(), message_ciphertext, null from portal.outbox where customer_id = 'AAAA22222'`)
	m.open = nil
	p.Exec(`update portal.outbox set next_try_at = now()`)
	p.Exec(`update jobs.river_job set state = 'available', scheduled_at = now() where state = 'scheduled'`)
	write(p, harness.CompanyB, "text=of+B").Want(t, http.StatusOK)
	harness.WaitFor(t, "all", func() bool { return unsent(p) == 0 })
	var got []string
	for _, d := range m.delivered() {
		got = append(got, d.From+" "+d.Text)
	}
	slices.Sort(got)
	if strings.Join(got, ", ") != "AAAA22222 of A alone, BBBB33333 of B" {
		t.Errorf("delivered: %q", got)
	}
	if n := harness.Query[int](p.Portal, `select count(*)::int from portal.outbox where status = 'failed' and failure = 'internal'`); n != 2 {
		t.Errorf("%d copies failed, want both", n)
	}
}

// One company's thousands delay another's first message by a round, not by all of them.
func TestOutbox_IsFair(t *testing.T) {
	t.Parallel()
	many := 1000
	if os.Getenv("TEST_MESSAGES") != "" {
		many = 10_000
	}
	m := &postman{answer: func(letter) error { time.Sleep(2 * time.Millisecond); return nil }}
	p := post(t, m)
	// wait is from the request until the message is handed over.
	wait := func(i int) time.Duration {
		text, begun := fmt.Sprint("B", i), time.Now()
		write(p, harness.CompanyB, "text="+text).Want(t, http.StatusOK)
		var at time.Time
		harness.WaitFor(t, text, func() bool {
			for _, d := range slices.Backward(m.delivered()) {
				if d.Text == text {
					at = d.At
				}
			}
			return !at.IsZero()
		})
		return at.Sub(begun)
	}
	const times = 15
	var idle, busy []time.Duration
	for i := range times {
		idle = append(idle, wait(i))
	}
	texts := "text=" + strings.Repeat("A,", 499) + "A"
	for range many / 500 {
		write(p, harness.CompanyA, texts).Want(t, http.StatusOK)
	}
	for i := range times {
		busy = append(busy, wait(times+i))
	}
	left := harness.Query[int](p.Portal, `select count(*)::int from portal.outbox where customer_id = $1 and status = 'queued'`, harness.CompanyA)
	slices.Sort(idle)
	slices.Sort(busy)
	harness.Summarize("outbox: with %d messages of another company (%d of them left at the end) a first message waits %d ms, alone %d ms: %.2f (medians of %d)\n",
		many, left, busy[times/2].Milliseconds(), idle[times/2].Milliseconds(), float64(busy[times/2])/float64(idle[times/2]), times)
	if left == 0 {
		t.Error("nobody was in the way: too few messages")
	}
	between := 0
	for _, d := range m.delivered() {
		if d.From == harness.CompanyA {
			between++
		}
	}
	if n := m.delivered(); n[len(n)-1].From == harness.CompanyB && between > many/2 {
		t.Errorf("%d of %d messages of A went before the last of B's %d", between, many, times)
	}
}
