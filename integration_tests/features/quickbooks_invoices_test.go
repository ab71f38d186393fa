package features

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// storm is a new event of a company.
func (b *booked) storm(company string) int64 {
	b.T.Helper()
	return harness.Query[int64](b.Portal, `insert into portal.winter_events (customer_id, event_name, start_date, end_date, status)
		values ($1, 'Storm', '2026-01-05', '2026-01-06', 'completed') returning id`, company)
}

// work logs closed work of so many seconds at a property.
func (b *booked) work(company string, property, event int64, equipment string, seconds int) {
	b.T.Helper()
	b.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, winter_event_id, equipment, time_in, time_out, worker_name)
		values ($1, $2, $3, $4, '2026-01-05 08:00Z', timestamptz '2026-01-05 08:00Z' + make_interval(secs => $5), gen_random_uuid()::text)`, company, property, event, equipment, seconds)
}

func (b *booked) rate(company, equipment, rate string) {
	b.T.Helper()
	b.Exec(`insert into portal.equipment_rates (customer_id, equipment_name, hourly_rate) values ($1, $2, $3::numeric)
		on conflict (customer_id, equipment_name) do update set hourly_rate = excluded.hourly_rate`, company, equipment, rate)
}

func (b *booked) bill(company string, property, event int64) harness.Answer {
	b.T.Helper()
	return b.admin(company, "POST", booksInvoices, map[string]any{"property_id": property, "winter_event_id": event})
}

type billed struct {
	ID       int64   `json:"invoice_id"`
	Number   string  `json:"invoice_number"`
	Total    float64 `json:"total_amount"`
	Customer string  `json:"customer_name"`
	Event    string  `json:"event_name"`
}

// An invoice has a line for each piece of equipment, at exact amounts, of closed logs only; it is made once.
func TestQuickBooks_HourlyInvoice(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a, realm = harness.CompanyA, "31"
	one, event := b.property(a, 1), b.storm(a)
	b.bill(a, one, event).Problem(t, http.StatusBadRequest) // no logs
	b.work(a, one, event, "Big Truck", 3*3600)
	b.work(a, one, event, "Big Truck", 1)
	b.work(a, one, event, "Loader", 5400)
	b.rate(a, "Big Truck", "110.10")
	b.bill(a, one, event).Problem(t, http.StatusUnprocessableEntity)
	b.rate(a, "Loader", "0")
	for range 2 {
		if p := b.bill(a, one, event).Problem(t, http.StatusUnprocessableEntity); !strings.Contains(p.Detail, `"Loader" has no hourly rate`) {
			t.Error(p.Detail)
		}
	}
	b.rate(a, "Loader", "85.33")
	b.bill(a, one, event).Problem(t, http.StatusNotFound) // not connected
	b.connect(a, realm)
	b.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, winter_event_id, equipment, time_in, status) values ($1, $2, $3, 'Big Truck', '2026-01-05 08:00Z', 'open')`, a, one, event)
	if p := b.bill(a, one, event).Problem(t, http.StatusBadRequest); !strings.Contains(p.Detail, "1 open ticket") {
		t.Error(p.Detail)
	}
	b.Exec(`delete from portal.winter_ops_logs where status = 'open'`)
	b.now = time.Date(2026, 1, 31, 3, 0, 0, 0, time.UTC) // the 30th in the company's zone
	b.Exec(`update portal.quickbooks_auth set token_expires_at = '2026-02-01'`)

	var got billed
	b.bill(a, one, event).Want(t, http.StatusOK).JSON(t, &got)
	// 10801 s at 110.10 are 330.330583…, 5400 s at 85.33 are 127.995.
	if d := cmp.Diff(billed{got.ID, "1001", 458.33, "Property 1", "Storm"}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	all := b.Invoices(realm)
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	if i := all[0]; i.TxnDate != "2026-01-30" || i.DueDate != "2026-03-01" || i.TotalAmt != "458.33" || len(i.Line) != 2 || i.CustomerRef.Value != b.Customers(realm)[0].ID {
		t.Errorf("%+v", i)
	}
	for i, want := range []string{"330.33 Storm – Big Truck (3.00 hours) 3.00028 110.10", "128.00 Storm – Loader (1.50 hours) 1.5 85.33"} {
		l := all[0].Line[i]
		if have := fmt.Sprint(l.Amount, " ", l.Description, " ", l.SalesItemLineDetail.Qty, " ", l.SalesItemLineDetail.UnitPrice); have != want {
			t.Errorf("line %q, want %q", have, want)
		}
	}
	if p := b.bill(a, one, event).Problem(t, http.StatusConflict); !strings.Contains(p.Detail, "1001") {
		t.Error(p.Detail)
	}
	if len(b.Invoices(realm)) != 1 {
		t.Error("there is a second invoice")
	}
	var rows []map[string]any
	b.admin(a, "GET", booksInvoices+fmt.Sprintf("?property_id=%d&winter_event_id=%d", one, event), nil).Want(t, http.StatusOK).JSON(t, &rows)
	if len(rows) != 1 || rows[0]["status"] != "sent" || rows[0]["quickbooks_invoice_number"] != "1001" || rows[0]["property_name"] != "Property 1" || rows[0]["event_name"] != "Storm" || rows[0]["total_amount"] != 458.33 ||
		rows[0]["created_by"] != float64(b.person(a, auth.Admin)) {
		t.Errorf("%v", rows)
	}
	b.admin(harness.CompanyB, "GET", booksInvoices, nil).Want(t, http.StatusOK).JSON(t, &rows)
	if len(rows) != 0 {
		t.Errorf("the other company sees %v", rows)
	}
	if s := b.state(a); s.Invoices != 1 || s.Pending != 0 || s.Mapped != 1 {
		t.Errorf("%+v", s)
	}
	for _, of := range [][2]int64{{b.property(harness.CompanyB, 1), event}, {one, b.storm(harness.CompanyB)}, {one, 999999999}} {
		b.bill(a, of[0], of[1]).Problem(t, http.StatusNotFound)
	}

	// What a company has set for itself.
	next := b.storm(a)
	b.work(a, one, next, "Skid", 1800)
	b.Exec(`insert into portal.admin_settings (customer_id, setting, value) values ($1, 'quickbooks_hourly_rate', '150'), ($1, 'quickbooks_due_days', '14'), ($1, 'quickbooks_item_id', '77')`, a)
	b.bill(a, one, next).Want(t, http.StatusOK).JSON(t, &got)
	if i := b.Invoices(realm)[1]; got.Total != 75 || i.DueDate != "2026-02-13" || i.Line[0].SalesItemLineDetail.ItemRef.Value != "77" {
		t.Errorf("%+v, %+v", got, i)
	}
}

// Work that is charged per occurrence has the rate that its name means, and none is guessed.
func TestQuickBooks_InvoicePerOccurrence(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a = harness.CompanyA
	one := b.property(a, 1)
	b.connect(a, "41")
	b.Exec(`update portal.locations set billing_type = 'per_occurrence', plow_rate = 100.10, salt_rate = 75.25, sidewalk_snow_rate = 40, sidewalk_deice_rate = 0 where id = $1`, one)
	for name, c := range map[string]struct {
		column string
		total  float64
	}{
		"Sidewalk De-Icer": {"sidewalk_deice_rate", 0}, "Sidewalk deicing": {"sidewalk_deice_rate", 0}, "SALT on the sidewalk": {"sidewalk_deice_rate", 0}, "sidewalk crew": {"sidewalk_snow_rate", 80}, "Sidewalk plow": {"sidewalk_snow_rate", 80},
		"Snowplow with salt": {"plow_rate", 200.2}, "Salter": {"salt_rate", 150.5}, "Loader": {"neither sidewalk, plow nor salt", -1}, "": {"no equipment", -1},
	} {
		event := b.storm(a)
		b.work(a, one, event, name, 3600)
		b.work(a, one, event, name, 60)
		if c.total < 0 {
			if p := b.bill(a, one, event).Problem(t, http.StatusUnprocessableEntity); !strings.Contains(p.Detail, c.column) || !strings.Contains(p.Detail, name) {
				t.Errorf("%q: %s", name, p.Detail)
			}
			continue
		}
		var got billed
		b.bill(a, one, event).Want(t, http.StatusOK).JSON(t, &got)
		if got.Total != c.total {
			t.Errorf("%q costs %v, want %v", name, got.Total, c.total)
		}
		without := b.storm(a)
		b.work(a, one, without, name, 60)
		b.Exec(`update portal.locations set ` + c.column + ` = null where id = ` + itoa(one))
		if p := b.bill(a, one, without).Problem(t, http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "has no "+c.column) || !strings.Contains(p.Detail, name) {
			t.Errorf("%q: %s", name, p.Detail)
		}
		b.Exec(`update portal.locations set plow_rate = 100.10, salt_rate = 75.25, sidewalk_snow_rate = 40, sidewalk_deice_rate = 0 where id = $1`, one)
	}
	event := b.storm(a)
	b.work(a, one, event, "Plow", 60)
	b.Exec(`update portal.locations set plow_rate = 99999999.99 where id = $1`, one)
	b.work(a, one, event, "Plow", 60)
	if p := b.bill(a, one, event).Problem(t, http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "99,999,999.99") {
		t.Error(p.Detail)
	}
}

// Of many who make one invoice at once, one makes it.
func TestQuickBooks_OneInvoiceAtOnce(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a = harness.CompanyA
	one, event := b.property(a, 1), b.storm(a)
	b.connect(a, "51")
	b.rate(a, "Truck", "100")
	b.work(a, one, event, "Truck", 3600)
	ok, others := b.Parallel(8, func(int) (string, string, any) {
		return "POST", booksInvoices, map[string]any{"property_id": one, "winter_event_id": event}
	}, b.Token(a, auth.Admin))
	if n := len(b.Invoices("51")); ok != 1 || n != 1 {
		t.Errorf("%d made it, and there are %d", ok, n)
	}
	for _, o := range others {
		if o.Status != http.StatusConflict {
			t.Errorf("%d %s", o.Status, o.Body)
		}
	}
	if n := len(b.Customers("51")); n != 1 {
		t.Errorf("%d customers", n)
	}
}

type eventBilled struct {
	Created []struct {
		Name   string  `json:"property_name"`
		Number string  `json:"invoice_number"`
		Total  float64 `json:"total_amount"`
	}
	Skipped, Failed []struct {
		Name   string `json:"property_name"`
		Reason string
	}
	Remaining int
}

func (b *booked) billEvent(event int64) (e eventBilled) {
	b.T.Helper()
	b.admin(harness.CompanyA, "POST", fmt.Sprintf("/quickbooks/invoices/event/%d", event), nil).Want(b.T, http.StatusOK).JSON(b.T, &e)
	return e
}

// The invoices of an event: what is made, what was, and what cannot be, each with its reason, which stands in the list too.
func TestQuickBooks_InvoicesOfAnEvent(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a, realm = harness.CompanyA, "61"
	event := b.storm(a)
	b.connect(a, realm)
	b.rate(a, "Truck", "100")
	for n := 1; n <= 3; n++ {
		b.work(a, b.property(a, n), event, []string{"Truck", "Truck", "Rake"}[n-1], 3600)
	}
	b.bill(a, b.property(a, 1), event).Want(t, http.StatusOK)
	e := b.billEvent(event)
	if len(e.Created) != 1 || e.Created[0].Name != "Property 2" || e.Created[0].Number != "1002" || e.Created[0].Total != 100 ||
		len(e.Skipped) != 1 || e.Skipped[0].Name != "Property 1" || !strings.Contains(e.Skipped[0].Reason, "1001") ||
		len(e.Failed) != 1 || e.Failed[0].Name != "Property 3" || !strings.Contains(e.Failed[0].Reason, `"Rake"`) || e.Remaining != 0 {
		t.Errorf("%+v", e)
	}
	var rows []struct{ Status, Failure string }
	b.admin(a, "GET", booksInvoices+"?winter_event_id="+itoa(event), nil).Want(t, http.StatusOK).JSON(t, &rows)
	if len(rows) != 3 || rows[0].Status != "failed" || !strings.Contains(rows[0].Failure, `"Rake"`) {
		t.Errorf("%+v", rows)
	}
	b.rate(a, "Rake", "20")
	if e = b.billEvent(event); len(e.Created) != 1 || len(e.Skipped) != 2 || len(e.Failed) != 0 || len(b.Invoices(realm)) != 3 {
		t.Errorf("%+v", e)
	}
	if s := b.state(a); s.Invoices != 3 {
		t.Errorf("%+v", s)
	}
	b.admin(a, "POST", fmt.Sprintf("/quickbooks/invoices/event/%d", b.storm(harness.CompanyB)), nil).Problem(t, http.StatusNotFound)
	if e = b.billEvent(b.storm(a)); len(e.Created)+len(e.Skipped)+len(e.Failed) != 0 {
		t.Errorf("%+v", e)
	}
}

// Where QuickBooks wants to be left alone, a job goes on with the rest of an event.
func TestQuickBooks_RestOfAnEvent(t *testing.T) {
	t.Parallel()
	b := newBooked(t, func(s *harness.Settings) { s.Workers, s.Server.Clock = true, nil })
	const a, realm = harness.CompanyA, "71"
	event := b.storm(a)
	b.connect(a, realm)
	b.rate(a, "Truck", "100")
	for n := 1; n <= 3; n++ {
		b.work(a, b.property(a, n), event, "Truck", 3600*n)
	}
	once := 0
	b.Answers(func(r *http.Request) harness.Fate {
		if strings.HasSuffix(r.URL.Path, "/invoice") {
			if once++; once == 2 {
				return harness.TooMany
			}
		}
		return harness.Served
	})
	if e := b.billEvent(event); len(e.Created) != 1 || len(e.Failed) != 1 || e.Remaining != 2 || !strings.Contains(e.Failed[0].Reason, "too often") {
		t.Errorf("%+v", e)
	}
	harness.WaitFor(t, "the rest of the invoices", func() bool { return b.state(a).Invoices == 3 })
	if all := b.Invoices(realm); len(all) != 3 {
		t.Errorf("%+v", all)
	}
}
