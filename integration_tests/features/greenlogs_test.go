package features

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type greenLog struct {
	ID             int64
	PropertyName   string  `json:"property_name"`
	ContractorName string  `json:"contractor_name"`
	WorkerName     string  `json:"worker_name"`
	UserID         *int64  `json:"user_id"`
	TimeIn         string  `json:"time_in"`
	TimeOut        string  `json:"time_out"`
	ServiceType    string  `json:"service_type"`
	ProductsUsed   string  `json:"products_used"`
	QuantityUsed   float64 `json:"quantity_used"`
	Notes          string
}

func TestGreenLogs_SubmitListChangeDelete(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	contractor, user := p.person(harness.CompanyA, auth.Contractor), p.person(harness.CompanyA, auth.User)
	body := func(more map[string]any) map[string]any {
		b := map[string]any{
			"property_id": p.property(harness.CompanyA, 1), "contractor_id": contractor, "contractor_name": "Unknown", "worker_name": "Digger, Dan",
			"time_in": "2026-06-10T07:30", "time_out": "2026-06-10T09:00", "service_type": "Mowing, Pull Weeds", "products_used": "", "quantity_used": 0, "notes": "",
		}
		maps.Copy(b, more)
		return b
	}
	submit := func(role string, more map[string]any) int64 {
		t.Helper()
		var submitted struct {
			LogID int64 `json:"log_id"`
		}
		p.Do("POST", "/submit-green-log/", p.Token(harness.CompanyA, role), body(more)).Want(t, http.StatusOK).JSON(t, &submitted)
		return submitted.LogID
	}
	logs := func(query string) (all []greenLog) {
		t.Helper()
		p.Do("GET", "/green-logs/"+query, p.Token(harness.CompanyA, auth.Subcontractor), nil).Want(t, http.StatusOK).JSON(t, &all)
		return all
	}
	p.Do("POST", "/submit-green-log/", "", body(nil)).Problem(t, http.StatusUnauthorized)
	p.Do("GET", "/green-logs/", "", nil).Problem(t, http.StatusUnauthorized)
	first := submit(auth.User, map[string]any{"user_id": contractor})
	last := submit(auth.User, map[string]any{
		"property_id": p.property(harness.CompanyA, 2), "worker_name": "Unknown", "time_in": "2026-06-12T23:59:59", "time_out": "2026-06-13T01:00:00",
		"products_used": "Mulch", "quantity_used": 2.5, "notes": "beds",
	})
	p.Do("POST", "/submit-green-log/", p.Token(harness.CompanyB, auth.User), body(map[string]any{
		"property_id": p.property(harness.CompanyB, 1), "contractor_id": p.person(harness.CompanyB, auth.User),
	})).Want(t, http.StatusOK)
	want := []greenLog{
		{
			ID: last, PropertyName: "Property 2", ContractorName: "Contractor One", WorkerName: "Contractor One", UserID: &user,
			TimeIn: "2026-06-12T23:59:59", TimeOut: "2026-06-13T01:00:00", ServiceType: "Mowing, Pull Weeds", ProductsUsed: "Mulch", QuantityUsed: 2.5, Notes: "beds",
		},
		{
			ID: first, PropertyName: "Property 1", ContractorName: "Contractor One", WorkerName: "Digger, Dan", UserID: &user,
			TimeIn: "2026-06-10T07:30:00", TimeOut: "2026-06-10T09:00:00", ServiceType: "Mowing, Pull Weeds",
		},
	}
	if diff := cmp.Diff(want, logs("")); diff != "" {
		t.Error(diff)
	}
	for query, wanted := range map[string][]greenLog{
		"?from=2026-06-10&to=2026-06-12": want,
		"?from=2026-06-12&to=2026-06-12": want[:1],
		"?to=2026-06-11":                 want[1:],
		"?from=2026-06-13":               {},
		"?limit=1&offset=1":              want[1:],
		fmt.Sprintf("?property_id=%d", p.property(harness.CompanyA, 2)): want[:1],
	} {
		if diff := cmp.Diff(wanted, logs(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}

	path := fmt.Sprintf("/green-logs/%d", first)
	change := body(map[string]any{"contractor_id": user, "time_out": "2026-06-10T10:00", "worker_name": "", "user_id": contractor})
	p.Do("PUT", path, p.Token(harness.CompanyA, auth.User), change).Problem(t, http.StatusForbidden)
	p.Do("PUT", path, p.Token(harness.CompanyB, auth.Manager), change).Problem(t, http.StatusNotFound)
	p.Do("PUT", path, p.Token(harness.CompanyA, auth.Manager), change).Want(t, http.StatusOK)
	want[1].ContractorName, want[1].WorkerName, want[1].TimeOut = "User One", "User One", "2026-06-10T10:00:00"
	if diff := cmp.Diff(want, logs("")); diff != "" {
		t.Error(diff)
	}
	for status, more := range map[int][]map[string]any{
		http.StatusBadRequest:          {{"time_out": "2026-06-10T07:29"}},
		http.StatusNotFound:            {{"property_id": p.property(harness.CompanyB, 1)}, {"contractor_id": p.person(harness.CompanyB, auth.User)}},
		http.StatusUnprocessableEntity: {{"quantity_used": -1}, {"service_type": ""}, {"time_in": ""}, {"time_out": "late"}},
	} {
		for _, m := range more {
			p.Do("POST", "/submit-green-log/", p.Token(harness.CompanyA, auth.User), body(m)).Problem(t, status)
			p.Do("PUT", path, p.Token(harness.CompanyA, auth.Manager), body(m)).Problem(t, status)
		}
	}

	p.Do("DELETE", path, p.Token(harness.CompanyA, auth.Manager), nil).Problem(t, http.StatusForbidden)
	p.Do("DELETE", path, p.Token(harness.CompanyB, auth.Admin), nil).Problem(t, http.StatusNotFound)
	p.Do("DELETE", path, p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
	p.Do("DELETE", path, p.Token(harness.CompanyA, auth.Admin), nil).Problem(t, http.StatusNotFound)
	if diff := cmp.Diff(want[:1], logs("")); diff != "" {
		t.Error(diff)
	}
}

func TestGreenLogs_NightsOnWhichClocksChange(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	body := map[string]any{
		"property_id": p.property(harness.CompanyA, 1), "contractor_id": p.person(harness.CompanyA, auth.Contractor), "worker_name": "Digger, Dan", "service_type": "Labor",
		"products_used": "", "quantity_used": 0, "notes": "", "time_in": "2026-11-01T01:30:00-05:00", "time_out": "2026-11-01T07:00",
	}
	p.Do("POST", "/submit-green-log/", p.Token(harness.CompanyA, auth.User), body).Want(t, http.StatusOK)
	id := harness.Query[int64](p.Portal, `select id from portal.green_services_logs`)
	body["time_in"], body["notes"] = "2026-11-01T01:30", "repeated"
	p.Do("PUT", fmt.Sprintf("/green-logs/%d", id), p.Token(harness.CompanyA, auth.Manager), body).Want(t, http.StatusOK)
	if !harness.Query[bool](p.Portal, `select time_in = '2026-11-01 06:30Z' and notes = 'repeated' from portal.green_services_logs`) {
		t.Error("repeating a local time moved the log")
	}
}
