package features

import (
	"maps"
	"net/http"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// submittedLog is the answer to a log that is submitted.
type submittedLog struct {
	Message  string
	LogID    int64 `json:"log_id"`
	Repeated bool
}

// logForms are the two forms of a log of work that is done, each with another value for every field that a person says
// something by.
func (p *portal) logForms() map[string][2]map[string]any {
	p.T.Helper()
	property, other := p.property(harness.CompanyA, 1), p.property(harness.CompanyA, 2)
	manager, contractor := p.person(harness.CompanyA, auth.Manager), p.person(harness.CompanyA, auth.Contractor)
	route := harness.Query[int64](p.Portal, `insert into portal.routes (customer_id, user_id, name) values ($1, $2, 'Loop') returning id`, harness.CompanyA, manager)
	return map[string][2]map[string]any{
		"/submit-winter-log/": {
			{
				"property_id": property, "contractor_id": manager, "worker_name": "Plower, Pat", "equipment": "Loader", "time_in": "2026-01-10T19:00", "time_out": "2026-01-10T20:00",
				"bulk_salt_qty": 1.5, "bag_salt_qty": 2, "calcium_chloride_qty": 0, "customer_provided": false, "notes": "Gate", "route_id": nil, "route_sequence": nil,
			},
			{
				"property_id": other, "contractor_id": contractor, "worker_name": "Plower, Pit", "equipment": "Truck", "time_in": "2026-01-10T19:01", "time_out": "2026-01-10T20:01",
				"bulk_salt_qty": 1, "bag_salt_qty": 3, "calcium_chloride_qty": 1, "customer_provided": true, "notes": "gate", "route_id": route, "route_sequence": 3,
			},
		},
		"/submit-green-log/": {
			{
				"property_id": property, "contractor_id": manager, "worker_name": "Digger, Dan", "time_in": "2026-06-10T07:30", "time_out": "2026-06-10T09:00",
				"service_type": "Mowing", "products_used": "Mulch", "quantity_used": 3, "notes": "",
			},
			{
				"property_id": other, "contractor_id": contractor, "worker_name": "Digger, Den", "time_in": "2026-06-10T07:31", "time_out": "2026-06-10T09:01",
				"service_type": "Mowing, Weeds", "products_used": "Sand", "quantity_used": 4, "notes": "Gate",
			},
		},
	}
}

// A finished log that one person submits a second time within ten minutes is the same log: equal in every field, and by
// the same person.
func TestLogs_SubmittedTwiceAreOne(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for path, forms := range p.logForms() {
		submit := func(role string, body map[string]any) (s submittedLog) {
			t.Helper()
			p.Do("POST", path, p.Token(harness.CompanyA, role), body).Want(t, http.StatusOK).JSON(t, &s)
			return s
		}
		first := submit(auth.Manager, forms[0])
		if first.Repeated {
			t.Errorf("%s: the first is a repeat: %+v", path, first)
		}
		spelled := maps.Clone(forms[0])
		spelled["time_in"] = map[string]string{"/submit-winter-log/": "2026-01-10T19:00:00-05:00", "/submit-green-log/": "2026-06-10 07:30:00"}[path]
		for _, body := range []map[string]any{forms[0], spelled} {
			if s := submit(auth.Manager, body); !s.Repeated || s.LogID != first.LogID {
				t.Errorf("%s: %+v a second time, want log %d", path, s, first.LogID)
			}
		}

		seen := map[int64]bool{first.LogID: true}
		for field, value := range forms[1] {
			body := maps.Clone(forms[0])
			body[field] = value
			s := submit(auth.Manager, body)
			if s.Repeated || seen[s.LogID] {
				t.Errorf("%s: with another %s it is %+v", path, field, s)
			}
			seen[s.LogID] = true
		}
		if s := submit(auth.Admin, forms[0]); s.Repeated {
			t.Errorf("%s: what a colleague submits is %+v", path, s)
		}

		table := map[string]string{"/submit-winter-log/": "portal.winter_ops_logs", "/submit-green-log/": "portal.green_services_logs"}[path]
		p.Exec(`update `+table+` set created_at = created_at - interval '9 minutes 50 seconds' where id = $1`, first.LogID)
		if s := submit(auth.Manager, forms[0]); !s.Repeated {
			t.Errorf("%s: within ten minutes it is %+v", path, s)
		}
		p.Exec(`update `+table+` set created_at = created_at - interval '10 seconds' where id = $1`, first.LogID)
		later := submit(auth.Manager, forms[0])
		if later.Repeated || later.LogID == first.LogID {
			t.Errorf("%s: after ten minutes it is %+v", path, later)
		}
		if s := submit(auth.Manager, forms[0]); !s.Repeated || s.LogID != later.LogID {
			t.Errorf("%s: and then %+v, want log %d", path, s, later.LogID)
		}
	}
}

// Six at once are one, which no look-up could hold; and what was deleted is not there to be repeated.
func TestLogs_SubmittedAtOnceAreOne(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for path, forms := range p.logForms() {
		token := p.Token(harness.CompanyA, auth.Manager)
		table := map[string]string{"/submit-winter-log/": "portal.winter_ops_logs", "/submit-green-log/": "portal.green_services_logs"}[path]
		if ok, others := p.Parallel(6, func(int) (string, string, any) { return "POST", path, forms[0] }, token); ok != 6 {
			t.Errorf("%s: others %+v", path, others)
		}
		if n := harness.Query[int](p.Portal, `select count(*) from `+table); n != 1 {
			t.Errorf("%s: %d rows", path, n)
		}
		p.Exec(`delete from ` + table)
		var s submittedLog
		if p.Do("POST", path, token, forms[0]).Want(t, http.StatusOK).JSON(t, &s); s.Repeated {
			t.Errorf("%s: after its deletion %+v", path, s)
		}
	}
}
