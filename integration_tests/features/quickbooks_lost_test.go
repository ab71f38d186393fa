package features

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// answersLost are how many answers are lost, with TEST_INVOICES=1 as many as the goal says.
func answersLost() int {
	if os.Getenv("TEST_INVOICES") != "" {
		return 500
	}
	return 50
}

// loses lets each invoice's first answer get lost, of which most are made.
func (b *booked) loses() (lost func() int) {
	n := 0
	b.Answers(func(r *http.Request) harness.Fate {
		if !strings.HasSuffix(r.URL.Path, "/invoice") {
			return harness.Served
		}
		n++
		return []harness.Fate{harness.Lost, harness.Garbled, harness.Lost, harness.Undone, harness.Lost, harness.Broken}[n%6]
	})
	return func() int { return n }
}

// whims let any call fail in any way, as often as not.
func (b *booked) whims() {
	random := rand.New(rand.NewPCG(17, 3)) //nolint:gosec // the same each time
	b.Answers(func(*http.Request) harness.Fate {
		if random.IntN(2) == 0 {
			return harness.Served
		}
		return harness.Fate(random.IntN(int(harness.Broken) + 1))
	})
}

// However many answers are lost, and in whatever way calls fail after that: each property has one invoice in the end, and
// the portal knows it.
func TestQuickBooks_LostAnswers(t *testing.T) {
	t.Parallel()
	b := newBooked(t, func(s *harness.Settings) { s.Server.Clock = nil })
	const a, realm = harness.CompanyA, "91"
	n := answersLost()
	event := b.storm(a)
	b.connect(a, realm)
	b.rate(a, "Truck", "123.45")
	b.Exec(`update platform.customers set max_properties = 10000`)
	b.Exec(`insert into portal.locations (customer_id, name, address) select $1, 'Lot ' || n, n || ' Lost Street' from generate_series(1, $2::int) n`, a, n)
	b.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, winter_event_id, equipment, time_in, time_out)
		select customer_id, id, $1, 'Truck', '2026-01-05 08:00Z', timestamptz '2026-01-05 08:00Z' + id % 100 * interval '17 minutes' from portal.locations where name like 'Lot %'`, event)
	lots := harness.Query[[]int64](b.Portal, `select array_agg(id order by id) from portal.locations where name like 'Lot %'`)
	each := func(of []int64, do func(int64)) {
		var all sync.WaitGroup
		line := make(chan int64)
		for range 4 {
			all.Go(func() {
				for id := range line {
					do(id)
				}
			})
		}
		for _, id := range of {
			line <- id
		}
		close(line)
		all.Wait()
	}
	token := b.Token(a, auth.Admin)
	bill := func(id int64) harness.Answer {
		answer, err := b.Try(t.Context(), "POST", booksInvoices, token, map[string]any{"property_id": id, "winter_event_id": event})
		if err != nil {
			t.Error(err)
		}
		return answer
	}

	lost := b.loses()
	each(lots, func(id int64) {
		if answer := bill(id); answer.Status != http.StatusBadGateway {
			t.Errorf("%d %s", answer.Status, answer.Body)
		}
	})
	pending, made := b.state(a).Pending, len(b.Invoices(realm))
	if lost() != n || pending != n || made < n/2 || made == n {
		t.Fatalf("%d answers of %d lost, %d pending, %d made", lost(), n, pending, made)
	}

	// Half of them are asked for again, until there is an answer; QuickBooks remembers no request from here on.
	b.Forget()
	b.whims()
	each(lots[:n/2], func(id int64) {
		for range 200 {
			if answer := bill(id); answer.Status == http.StatusOK {
				return
			} else if answer.Status == http.StatusConflict {
				t.Errorf("%s", answer.Body)
				return
			}
		}
		t.Error("there is never an answer")
	})
	// For the others there is the job.
	b.Answers(nil)
	newPortal(t, b.Over, func(s *harness.Settings) { s.Database, s.Workers = b.Database, true })
	harness.WaitFor(t, "the job that looks what became of them", func() bool { return b.state(a).Pending == 0 })

	double, missing := 0, 0
	have := map[string]int{}
	for _, i := range b.Invoices(realm) {
		if have[i.PrivateNote]++; have[i.PrivateNote] > 1 {
			double++
		}
		known := harness.Query[int](b.Portal, `select count(*) from portal.quickbooks_invoices i join portal.quickbooks_customer_mapping m using (property_id)
			where i.quickbooks_invoice_id = $1 and i.quickbooks_invoice_number = $2 and i.total_amount = $3::numeric and i.status = 'sent' and m.quickbooks_customer_id = $4 and $5 = 'Contractor portal ' || i.request_id`,
			i.ID, i.DocNumber, i.TotalAmt.String(), i.CustomerRef.Value, i.PrivateNote)
		if known != 1 {
			missing++
		}
	}
	t.Logf("%d answers lost, %d invoices: %d double, %d missing", n, len(have), double, missing+n-len(have))
	if double != 0 || missing != 0 || len(have) != n || b.state(a).Invoices != n {
		t.Errorf("%+v", b.state(a))
	}
}

// An invoice that somebody is at is left to him; one of which the answer was lost is found, or made as it was meant then.
func TestQuickBooks_Resumes(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a, realm = harness.CompanyA, "101"
	b.TokensLive(12 * time.Hour)
	one := b.property(a, 1)
	b.connect(a, realm)
	b.rate(a, "Truck", "100")
	lost := func(fate harness.Fate) (event int64) {
		t.Helper()
		event = b.storm(a)
		b.work(a, one, event, "Truck", 3600)
		b.Answers(func(r *http.Request) harness.Fate {
			if strings.HasSuffix(r.URL.Path, "/invoice") {
				return fate
			}
			return harness.Served
		})
		b.bill(a, one, event).Problem(t, http.StatusBadGateway)
		b.Answers(nil)
		return event
	}
	again := func(step string, event int64, want int) {
		t.Helper()
		var got billed
		b.bill(a, one, event).Want(t, http.StatusOK).JSON(t, &got)
		if all := b.Invoices(realm); len(all) != want || got.Total != 100 || got.Number != all[want-1].DocNumber {
			t.Errorf("%s: %+v of %d", step, got, len(all))
		}
	}
	// It is not found by a query for a while: the request is the same.
	event := lost(harness.Lost)
	b.Blind(true)
	again("not found yet", event, 1)
	b.Blind(false)
	// The request is forgotten: it is found by its note.
	event = lost(harness.Lost)
	b.Forget()
	again("forgotten", event, 2)
	// What is made later is what was meant then, of the day then.
	event = lost(harness.Undone)
	b.rate(a, "Truck", "200")
	b.work(a, one, event, "Truck", 7200)
	day := b.now
	b.now = b.now.Add(30 * time.Hour)
	b.Exec(`update portal.quickbooks_auth set token_expires_at = '2100-01-01'`)
	again("a day later", event, 3)
	if i := b.Invoices(realm)[2]; i.TxnDate != day.In(time.FixedZone("", -5*3600)).Format(time.DateOnly) {
		t.Errorf("%+v on %s", i, day)
	}
	b.rate(a, "Truck", "100")

	// A server died with it.
	event = lost(harness.Lost)
	b.Exec(`update portal.quickbooks_invoices set claimed_until = $1 where status = 'pending'`, b.now.Add(time.Minute))
	if p := b.bill(a, one, event).Problem(t, http.StatusConflict); !strings.Contains(p.Detail, "being made right now") {
		t.Error(p.Detail)
	}
	b.now = b.now.Add(2 * time.Minute)
	again("after its time", event, 4)

	// QuickBooks says no: there is none, and it can be tried again.
	event = b.storm(a)
	b.work(a, one, event, "Truck", 3600)
	b.Exec(`update portal.quickbooks_customer_mapping set quickbooks_customer_id = '424242'`)
	if p := b.bill(a, one, event).Problem(t, http.StatusBadGateway); !strings.Contains(p.Detail, "error 2500") {
		t.Error(p.Detail)
	}
	var rows []struct{ Status, Failure string }
	b.admin(a, "GET", booksInvoices+"?winter_event_id="+itoa(event), nil).Want(t, http.StatusOK).JSON(t, &rows)
	if len(rows) != 1 || rows[0].Status != "failed" || !strings.Contains(rows[0].Failure, "error 2500") {
		t.Errorf("%+v", rows)
	}
	b.Exec(`delete from portal.quickbooks_customer_mapping`)
	again("after a refusal", event, 5)

	// Of another company at QuickBooks nothing is said.
	event = lost(harness.Lost)
	b.connect(a, "102")
	if p := b.bill(a, one, event).Problem(t, http.StatusConflict); !strings.Contains(p.Detail, realm) {
		t.Error(p.Detail)
	}
	if n := len(b.Invoices("102")); n != 0 {
		t.Errorf("%d invoices in the other one", n)
	}
	b.connect(a, realm)
	again("connected again", event, 6)
}

// Two companies whose books are one: what the one has made is never the other's.
func TestQuickBooks_TwoCompaniesInOneRealm(t *testing.T) {
	t.Parallel()
	b := newBooked(t, func(s *harness.Settings) { s.Server.Clock = nil })
	const realm = "111"
	companies := []string{harness.CompanyA, harness.CompanyB}
	events := map[string]int64{}
	for _, c := range companies {
		b.connect(c, realm)
		b.rate(c, "Truck", "100")
		events[c] = b.storm(c)
		b.work(c, b.property(c, 1), events[c], "Truck", 3600)
	}
	// Same name, same customer, same day, same sum; both answers are lost, and then the memory of the requests.
	b.Answers(func(r *http.Request) harness.Fate {
		if strings.HasSuffix(r.URL.Path, "/invoice") {
			return harness.Lost
		}
		return harness.Served
	})
	for _, c := range companies {
		b.bill(c, b.property(c, 1), events[c]).Problem(t, http.StatusBadGateway)
	}
	b.Forget()
	b.Answers(nil)
	got := map[string]billed{}
	for _, c := range []string{harness.CompanyB, harness.CompanyA} {
		var one billed
		b.bill(c, b.property(c, 1), events[c]).Want(t, http.StatusOK).JSON(t, &one)
		got[c] = one
	}
	all := b.Invoices(realm)
	if len(all) != 2 || got[companies[0]].Number != all[0].DocNumber || got[companies[1]].Number != all[1].DocNumber {
		t.Errorf("%+v of %+v", got, all)
	}
	for i, c := range companies {
		note := harness.Query[string](b.Portal, `select 'Contractor portal ' || request_id from portal.quickbooks_invoices where customer_id = $1`, c)
		if i >= len(all) || all[i].PrivateNote != note {
			t.Errorf("%s: %q", c, note)
		}
		var rows []map[string]any
		b.admin(c, "GET", booksInvoices, nil).Want(t, http.StatusOK).JSON(t, &rows)
		if len(rows) != 1 || rows[0]["property_id"] != float64(b.property(c, 1)) {
			t.Errorf("%s sees %v", c, rows)
		}
		if s := b.state(c); s.Invoices != 1 || s.Mapped != 1 || *s.Realm != realm {
			t.Errorf("%s: %+v", c, s)
		}
	}
	// The end of the one's connection is not the other's.
	b.admin(companies[0], "POST", "/quickbooks/disconnect", nil).Want(t, http.StatusOK)
	if s := b.state(companies[1]); !s.Connected {
		t.Errorf("%+v", s)
	}
	b.admin(companies[1], "POST", fmt.Sprintf("/quickbooks/sync-property/%d", b.property(companies[1], 2)), nil).Want(t, http.StatusOK)
}
