package features

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type winterLog struct {
	ID              int64
	PropertyID      int64   `json:"property_id"`
	PropertyName    string  `json:"property_name"`
	PropertyAddress string  `json:"property_address"`
	ContractorID    *int64  `json:"contractor_id"`
	ContractorName  *string `json:"contractor_name"`
	UserID          *int64  `json:"user_id"`
	WorkerName      *string `json:"worker_name"`
	Equipment       *string
	TimeIn          *string `json:"time_in"`
	TimeOut         *string `json:"time_out"`
	Status          string
	BulkSaltQty     float64 `json:"bulk_salt_qty"`
	BagSaltQty      float64 `json:"bag_salt_qty"`
	Notes           *string
	WinterEventID   *int64  `json:"winter_event_id"`
	RouteID         *int64  `json:"route_id"`
	RouteSequence   *int    `json:"route_sequence"`
	RouteStatus     *string `json:"route_status"`
	ByHand          bool    `json:"event_assigned_manually"`
	EventName       *string `json:"winter_event_name"`
}

func logPath(id int64, more string) string { return fmt.Sprintf("/winter-logs/%d%s", id, more) }

// submit logs work of company A as one of its people; without an end the ticket is open.
func (p *portal) submit(role string, property int, in, out string) int64 {
	p.T.Helper()
	return p.submitted(role, map[string]any{"property_id": p.property(harness.CompanyA, property), "time_in": in, "time_out": out})
}

func (p *portal) submitted(role string, body map[string]any) int64 {
	p.T.Helper()
	var submitted struct {
		LogID  int64 `json:"log_id"`
		Status string
	}
	p.Do("POST", "/submit-winter-log/", p.Token(harness.CompanyA, role), body).Want(p.T, http.StatusOK).JSON(p.T, &submitted)
	want := "closed"
	if out, ok := body["time_out"]; !ok || out == "" || out == nil {
		want = "open"
	}
	if submitted.LogID == 0 || submitted.Status != want {
		p.T.Fatalf("%v was submitted as %+v", body, submitted)
	}
	return submitted.LogID
}

// logs are those of company A that an address lists.
func (p *portal) logs(path string) (all []winterLog) {
	p.T.Helper()
	p.Do("GET", path, p.Token(harness.CompanyA, auth.User), nil).Want(p.T, http.StatusOK).JSON(p.T, &all)
	return all
}

func (p *portal) ticket(id int64) winterLog {
	p.T.Helper()
	for _, l := range p.logs("/winter-logs/") {
		if l.ID == id {
			return l
		}
	}
	p.T.Fatalf("there is no log %d", id)
	return winterLog{}
}

func ids(all []winterLog) []int64 {
	list := make([]int64, len(all))
	for i, l := range all {
		list[i] = l.ID
	}
	return list
}

func TestWinterLogs_OneTicketOf64(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	ticket := map[string]any{"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-10T18:00"}
	statuses := p.sixtyFour("POST", "/submit-winter-log/", p.Token(harness.CompanyA, auth.User), ticket)
	if diff := cmp.Diff(map[int]int{http.StatusOK: 1, http.StatusConflict: 63}, statuses); diff != "" {
		t.Errorf("answers by status: %s", diff)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.winter_ops_logs`); n != 1 {
		t.Errorf("%d tickets stand, want 1", n)
	}
	// Others may work there too, and who entered a ticket may enter one for another crew.
	p.submit(auth.Subcontractor, 1, "2026-01-10T18:00", "")
	for _, crew := range []string{"North crew", "South crew"} {
		p.submitted(auth.Manager, map[string]any{"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-10T18:00", "worker_name": crew})
	}
	p.Do("POST", "/submit-winter-log/", p.Token(harness.CompanyA, auth.Manager), map[string]any{
		"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-10T18:00", "worker_name": "NORTH CREW",
	}).Problem(t, http.StatusConflict)
	p.submit(auth.User, 2, "2026-01-10T18:00", "")

	// A ticket that is saved without its end would be a second one too.
	closed := p.submit(auth.User, 1, "2026-01-09T18:00", "2026-01-09T19:00")
	p.Do("PUT", logPath(closed, ""), p.Token(harness.CompanyA, auth.User), map[string]any{
		"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-09T18:00", "worker_name": "User One",
	}).Problem(t, http.StatusConflict)
}

func TestWinterLogs_NamesAndOwnership(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	user, led := p.person(harness.CompanyA, auth.User), p.person(harness.CompanyA, auth.Subcontractor)
	contractor, manager := p.person(harness.CompanyA, auth.Contractor), p.person(harness.CompanyA, auth.Manager)
	p.Exec(`update portal.users set contractor_id = $1 where id = $2`, contractor, led)
	p.Exec(`update portal.users set default_equipment = 'Sidewalk plow' where id in ($1, $2)`, user, contractor)
	property := p.property(harness.CompanyA, 1)
	body := func(more map[string]any) map[string]any {
		b := map[string]any{"property_id": property, "time_in": "2026-01-10T18:00", "time_out": "2026-01-10T19:00"}
		maps.Copy(b, more)
		return b
	}
	for _, c := range []struct {
		why  string
		role string
		said map[string]any
		want winterLog
	}{
		{"nothing said", auth.User, nil, winterLog{ContractorID: &user, ContractorName: new("User One"), WorkerName: new("User One"), UserID: &user, Equipment: new("Sidewalk plow")}},
		{
			"the old page without a name", auth.User,
			map[string]any{"contractor_id": user, "contractor_name": "Unknown", "worker_name": "Unknown", "equipment": "Loader"},
			winterLog{ContractorID: &user, ContractorName: new("User One"), WorkerName: new("User One"), UserID: &user, Equipment: new("Loader")},
		},
		{
			"a forged name and owner", auth.User,
			map[string]any{"contractor_id": user, "contractor_name": "Somebody Else", "user_id": manager},
			winterLog{ContractorID: &user, ContractorName: new("User One"), WorkerName: new("User One"), UserID: &user, Equipment: new("Sidewalk plow")},
		},
		{
			"one's contractor", auth.Subcontractor,
			map[string]any{"contractor_id": contractor, "worker_name": "Digger, Dan"},
			winterLog{ContractorID: &contractor, ContractorName: new("Contractor One"), WorkerName: new("Digger, Dan"), UserID: &led, Equipment: new("Sidewalk plow")},
		},
		{
			"a manager for another", auth.Manager,
			map[string]any{"contractor_id": led},
			winterLog{ContractorID: &led, ContractorName: new("Subcontractor One"), WorkerName: new("Subcontractor One"), UserID: &manager},
		},
	} {
		got := p.ticket(p.submitted(c.role, body(c.said)))
		got = winterLog{ContractorID: got.ContractorID, ContractorName: got.ContractorName, WorkerName: got.WorkerName, UserID: got.UserID, Equipment: got.Equipment}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.why, diff)
		}
	}
	for _, role := range []string{auth.User, auth.Subcontractor} {
		p.Do("POST", "/submit-winter-log/", p.Token(harness.CompanyA, role), body(map[string]any{"contractor_id": manager, "contractor_name": "Manager One"})).
			Problem(t, http.StatusForbidden)
	}
	p.Do("POST", "/submit-winter-log/", p.ActingToken(), body(nil)).Problem(t, http.StatusUnprocessableEntity)
	p.Do("POST", "/submit-winter-log/", p.ActingToken(), body(map[string]any{"contractor_id": user})).Want(t, http.StatusOK)
	// Anybody may log work anywhere: nobody is assigned to property 3.
	p.submit(auth.User, 3, "2026-01-10T18:00", "2026-01-10T19:00")
}

func TestWinterLogs_ChangeKeepsTheOwner(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	user, manager := p.person(harness.CompanyA, auth.User), p.person(harness.CompanyA, auth.Manager)
	id := p.submitted(auth.User, map[string]any{"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-10T18:00", "worker_name": "Digger, Dan", "bag_salt_qty": 2})
	change := func(more map[string]any) map[string]any {
		b := map[string]any{
			"property_id": p.property(harness.CompanyA, 2), "time_in": "2026-01-10T18:00", "time_out": "2026-01-10T19:30", "user_id": manager,
			"contractor_id": user, "worker_name": "Digger, Dan", "bulk_salt_qty": 1.5,
		}
		maps.Copy(b, more)
		return b
	}
	p.Do("PUT", logPath(id, ""), p.Token(harness.CompanyA, auth.Subcontractor), change(nil)).Problem(t, http.StatusForbidden)
	p.Do("PUT", logPath(id, ""), p.Token(harness.CompanyA, auth.User), change(map[string]any{"contractor_id": manager})).Problem(t, http.StatusForbidden)

	p.Do("PUT", logPath(id, ""), p.Token(harness.CompanyA, auth.Manager), change(map[string]any{"notes": "late"})).Want(t, http.StatusOK)
	want := winterLog{
		ID: id, PropertyID: p.property(harness.CompanyA, 2), PropertyName: "Property 2", ContractorID: &user, ContractorName: new("User One"), UserID: &user,
		WorkerName: new("Digger, Dan"), TimeIn: new("2026-01-10T18:00:00"), TimeOut: new("2026-01-10T19:30:00"), Status: "closed", BulkSaltQty: 1.5, Notes: new("late"),
	}
	if diff := cmp.Diff(want, p.ticket(id)); diff != "" {
		t.Error(diff)
	}

	// A manager may say that it was another's; who entered it stays.
	p.Do("PUT", logPath(id, ""), p.Token(harness.CompanyA, auth.Manager), change(map[string]any{"contractor_id": manager, "worker_name": "Unknown"})).Want(t, http.StatusOK)
	want.ContractorID, want.ContractorName, want.WorkerName, want.Notes = &manager, new("Manager One"), new("Manager One"), nil
	if diff := cmp.Diff(want, p.ticket(id)); diff != "" {
		t.Error(diff)
	}

	// The whole record is replaced: null and nothing said are the same, and what is empty stays so.
	nothing := map[string]any{"contractor_id": nil, "worker_name": nil, "equipment": nil, "notes": nil, "bulk_salt_qty": nil, "customer_provided": false}
	bare := map[string]any{"property_id": p.property(harness.CompanyA, 2), "time_in": "2026-01-10T18:00", "time_out": "2026-01-10T19:30"}
	want.ContractorID, want.ContractorName, want.WorkerName, want.BulkSaltQty = nil, nil, nil, 0
	for _, said := range []map[string]any{change(nothing), bare} {
		p.Do("PUT", logPath(id, ""), p.Token(harness.CompanyA, auth.Manager), change(map[string]any{"notes": "more", "equipment": "Loader"})).Want(t, http.StatusOK)
		p.Do("PUT", logPath(id, ""), p.Token(harness.CompanyA, auth.User), said).Want(t, http.StatusOK)
		if diff := cmp.Diff(want, p.ticket(id)); diff != "" {
			t.Error(diff)
		}
	}
	p.Do("PUT", logPath(id, ""), p.Token(harness.CompanyA, auth.User), change(map[string]any{"contractor_id": nil, "worker_name": "", "equipment": "", "notes": ""})).Want(t, http.StatusOK)
	if l := p.ticket(id); l.WorkerName == nil || *l.WorkerName != "" || l.Equipment == nil || *l.Equipment != "" || l.Notes == nil || *l.Notes != "" {
		t.Errorf("what was sent empty is %+v", l)
	}
	p.Do("PUT", logPath(id, ""), p.Token(harness.CompanyA, auth.User), change(map[string]any{"time_out": "2026-01-10T17:59"})).Problem(t, http.StatusBadRequest)
	p.Do("DELETE", logPath(id, ""), p.Token(harness.CompanyA, auth.Manager), nil).Problem(t, http.StatusForbidden)
	p.Do("DELETE", logPath(id, ""), p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
	p.Do("DELETE", logPath(id, ""), p.Token(harness.CompanyA, auth.Admin), nil).Problem(t, http.StatusNotFound)
}

func closePath(id int64, at string) string {
	return logPath(id, "/close?time_out="+url.QueryEscape(at))
}

func TestWinterLogs_Close(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	id := p.submit(auth.User, 1, "2026-01-10T18:07", "")
	if open := p.logs("/winter-logs/open/"); len(open) != 1 || open[0].ID != id || open[0].PropertyAddress != "1 Same Street, Springfield, NY 14201" {
		t.Errorf("open tickets: %+v", open)
	}
	p.Do("PUT", closePath(id, "2026-01-10T19:08"), p.Token(harness.CompanyA, auth.Subcontractor), nil).Problem(t, http.StatusForbidden)
	p.Do("PUT", closePath(id, "2026-01-10T18:06"), p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusBadRequest)
	p.Do("PUT", closePath(id, "late"), p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusUnprocessableEntity)
	p.Do("PUT", logPath(id, "/close"), p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusUnprocessableEntity)
	p.Do("PUT", closePath(id, "2026-01-10T19:08"), p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK)
	p.Do("PUT", closePath(id, "2026-01-10T19:08"), p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusBadRequest)
	if l := p.ticket(id); l.Status != "closed" || *l.TimeOut != "2026-01-10T19:08:00" {
		t.Errorf("closed as %+v", l)
	}
	if open := p.logs("/winter-logs/open/"); len(open) != 0 {
		t.Errorf("open tickets afterwards: %+v", open)
	}

	// The contractor of a ticket that a manager opened may finish it, and the manager anybody's.
	crew := p.submitted(auth.Manager, map[string]any{"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-10T20:00", "contractor_id": p.person(harness.CompanyA, auth.User)})
	if open := ids(p.logs("/winter-logs/open/")); len(open) != 1 || open[0] != crew {
		t.Errorf("open tickets of the contractor: %v, want %d", open, crew)
	}
	p.Do("PUT", closePath(crew, "2026-01-10T21:00"), p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK)
	p.Do("PUT", closePath(p.submit(auth.User, 1, "2026-01-10T22:00", ""), "2026-01-10T23:00"), p.Token(harness.CompanyA, auth.Manager), nil).Want(t, http.StatusOK)
}

func TestWinterLogs_ListAndFilters(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	event := p.startEvent("Snow", "2026-01-10T00:00")
	first := p.submit(auth.User, 1, "2026-01-09T23:59", "2026-01-10T01:00")
	second := p.submit(auth.User, 2, "2026-01-10T00:00", "2026-01-10T01:00")
	third := p.submit(auth.User, 1, "2026-01-12T23:59:59", "2026-01-13T01:00")
	fourth := p.submit(auth.User, 1, "2026-01-13T00:00", "2026-01-13T01:00")
	p.Do("POST", "/submit-winter-log/", p.Token(harness.CompanyB, auth.User), map[string]any{
		"property_id": p.property(harness.CompanyB, 1), "time_in": "2026-01-10T00:00", "time_out": "2026-01-10T01:00",
	}).Want(t, http.StatusOK)

	for _, c := range []struct {
		query string
		want  []int64
	}{
		{"", []int64{fourth, third, second, first}},
		{"?from=2026-01-10&to=2026-01-12", []int64{third, second}},
		{"?from=2026-01-10", []int64{fourth, third, second}},
		{"?to=2026-01-12", []int64{third, second, first}},
		{"?from=2026-01-12&to=2026-01-12", []int64{third}},
		{"?from=2026-01-13&to=2026-01-12", []int64{}},
		{fmt.Sprintf("?property_id=%d", p.property(harness.CompanyA, 2)), []int64{second}},
		{fmt.Sprintf("?event_id=%d", event), []int64{fourth, third, second}},
		{fmt.Sprintf("?event_id=%d&property_id=%d&to=2026-01-12", event, p.property(harness.CompanyA, 1)), []int64{third}},
		{fmt.Sprintf("?property_id=%d", p.property(harness.CompanyB, 1)), []int64{}},
		{"?limit=2", []int64{fourth, third}},
		{"?limit=2&offset=3", []int64{first}},
	} {
		for _, path := range []string{"/winter-logs/", "/winter-ops/logs/"} {
			if diff := cmp.Diff(c.want, ids(p.logs(path+c.query))); diff != "" {
				t.Errorf("%s%s: %s", path, c.query, diff)
			}
		}
	}
	// mine: what the caller entered or is the contractor of, and of a manager, who did neither, nothing.
	theirs := p.submit(auth.Contractor, 2, "2026-01-14T00:00", "2026-01-14T01:00")
	for role, want := range map[string][]int64{auth.User: {fourth, third, second, first}, auth.Contractor: {theirs}, auth.Manager: {}} {
		var got []winterLog
		p.Do("GET", "/winter-logs/?mine=true", p.Token(harness.CompanyA, role), nil).JSON(t, &got)
		if diff := cmp.Diff(want, ids(got)); diff != "" {
			t.Errorf("the logs of the %s: %s", role, diff)
		}
	}
	for _, wrong := range []string{"?mine=perhaps", "?from=yesterday", "?to=2026-02-30", "?from=2026-01-10T00:00", "?limit=0", "?limit=10001", "?event_id=x"} {
		p.Do("GET", "/winter-logs/"+wrong, p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusUnprocessableEntity)
	}
	if l := p.ticket(second); l.EventName == nil || *l.EventName != "Snow" {
		t.Errorf("the name of the event of a log is %v", l.EventName)
	}
}

// A ticket that is queued on a route has no time yet; nothing that reads or changes tickets stumbles.
func TestWinterLogs_QueuedOnARoute(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	user, manager := p.person(harness.CompanyA, auth.User), p.Token(harness.CompanyA, auth.Manager)
	route := harness.Query[int64](p.Portal, `insert into portal.routes (customer_id, user_id, name) values ($1, $2, 'Route') returning id`, harness.CompanyA, user)
	event := p.startEvent("Snow", "2026-01-10T00:00")
	queued := harness.Query[int64](p.Portal, `
		insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, user_id, worker_name, status, winter_event_id, route_id, route_sequence, route_status)
		values ($1, $2, $3, $3, 'User One', 'open', $4, $5, 1, 'queued') returning id`, harness.CompanyA, p.property(harness.CompanyA, 1), user, event, route)

	if open := p.logs("/winter-logs/open/"); len(open) != 1 || open[0].TimeIn != nil || *open[0].RouteStatus != "queued" {
		t.Errorf("open tickets: %+v", open)
	}
	p.Do("PUT", closePath(queued, "2026-01-10T19:08"), p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusBadRequest)
	p.Do("POST", "/submit-winter-log/", p.Token(harness.CompanyA, auth.User), map[string]any{"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-10T18:00"}).
		Problem(t, http.StatusConflict)
	p.Do("POST", "/winter-logs/reassign-events/", manager, nil).Want(t, http.StatusOK)
	p.Do("PUT", eventPath(event, ""), manager, map[string]any{"event_name": "Snow", "start_date": "2026-01-10T01:00"}).Want(t, http.StatusOK)
	if l := p.ticket(queued); l.WinterEventID == nil || *l.WinterEventID != event {
		t.Errorf("a queued ticket lost its event: %+v", l)
	}
	if got := p.logs("/winter-logs/?from=2020-01-01"); len(got) != 0 {
		t.Errorf("a ticket without a time is among those of a date: %+v", got)
	}

	p.Do("PUT", logPath(queued, ""), p.Token(harness.CompanyA, auth.User), map[string]any{"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-10T18:00"}).
		Want(t, http.StatusOK)
	if l := p.ticket(queued); l.Status != "open" || *l.RouteStatus != "active" || *l.TimeIn != "2026-01-10T18:00:00" {
		t.Errorf("a queued ticket that was begun: %+v", l)
	}

	// A worker ties a ticket to a route by hand.
	tied := p.submitted(auth.User, map[string]any{"property_id": p.property(harness.CompanyA, 2), "time_in": "2026-01-10T18:00", "route_id": route, "route_sequence": 2})
	if l := p.ticket(tied); *l.RouteID != route || *l.RouteSequence != 2 {
		t.Errorf("a ticket tied to a route: %+v", l)
	}
	p.Do("POST", "/submit-winter-log/", p.Token(harness.CompanyA, auth.User), map[string]any{
		"property_id": p.property(harness.CompanyA, 3), "time_in": "2026-01-10T18:00", "route_id": 987654321,
	}).Problem(t, http.StatusNotFound)
}
