package service

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// rowsSQL counts the rows of all tenant tables, and the invitations.
const rowsSQL = `
select sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', c.oid::regclass), false, true, '')))[1]::text::bigint)::bigint
from pg_class c
where c.relnamespace = 'portal'::regnamespace and c.relkind = 'r' or c.oid = 'platform.invitations'::regclass`

// What the page says of a call that comes a second time is so: what it calls safe adds no row then, and what
// makes another one does.
func TestDocs_RepeatedCalls(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	id := func(sql string, args ...any) int64 { return harness.Query[int64](p.Portal, sql, args...) }
	person := id(`select id from portal.users where email = $1`, harness.Email(harness.CompanyA, auth.User))
	property := id(`select min(id) from portal.locations where customer_id = $1`, harness.CompanyA)
	route := id(`insert into portal.routes (customer_id, user_id, name) values ($1, $2, 'Loop') returning id`, harness.CompanyA, person)
	list := id(`insert into portal.property_lists (customer_id, user_id, name, is_shared) values ($1, $2, 'Downtown', true) returning id`, harness.CompanyA, person)
	event := id(`insert into portal.winter_events (customer_id, event_name, start_date, status) values ($1, 'Storm', now(), 'active') returning id`, harness.CompanyA)
	log := id(`insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, time_in, status) values ($1, $2, $3, now(), 'open') returning id`,
		harness.CompanyA, property, person)
	type fields map[string]any
	lot := fields{"name": "Oak Court", "address": "7 Oak Court", "sqft": nil, "area_manager": nil, "plow": true, "salt": false}
	file := harness.Upload{Name: "a.csv", Content: "Property Name,Address,area manager,Lot Sq Ft,PLOW/SALT\nElm,9 Elm Street,,,Yes\n"}

	for _, c := range []struct {
		call   string // as the page names it
		with   string // what follows there
		path   string // "": that of the call
		body   any
		second int // status
	}{
		{call: "PUT /winter-logs/{log_id}/close", path: fmt.Sprintf("/winter-logs/%d/close?time_out=2030-01-01T08:00", log), second: 400},
		{call: "POST /update-property-coordinates/", body: fields{"property_id": property, "latitude": 42.9, "longitude": -78.8}, second: 200},
		{call: "POST /routes/add-property/", body: fields{"route_id": route, "property_id": property, "sequence_order": 1}, second: 200},
		{call: "POST /property-lists/add-property/", body: fields{"list_id": list, "property_id": property}, second: 200},
		{call: "POST /admin/change-user-role/{user_id}", path: fmt.Sprintf("/admin/change-user-role/%d", person), body: fields{"role": "Manager"}, second: 200},
		{call: "POST /api/update-default-equipment/", body: fields{"default_equipment": "Plow truck"}, second: 200},
		{call: "POST /add-property/", body: lot, second: 409},
		{call: "POST /add-user/", body: fields{"name": "Rae", "email": "rae@a.example", "phone": nil, "role": "User", "password": harness.Chosen}, second: 409},
		{call: "POST /equipment-rates/", body: fields{"equipment_name": "Blower", "hourly_rate": 40}, second: 409},
		{call: "POST /events/{event_id}/checkin", path: fmt.Sprintf("/events/%d/checkin", event), body: fields{}, second: 200},
		{call: "POST /bulk-import-properties/", body: file, second: 200},
		{call: "POST /submit-winter-log/", with: " without `time_out`", body: fields{"property_id": property, "time_in": "2026-01-10T19:00"}, second: 409},
		{call: "POST /submit-winter-log/", with: " with `time_out`", body: fields{"property_id": property, "time_in": "2026-01-10T19:00", "time_out": "2026-01-10T20:00"}, second: 200},
		{call: "POST /submit-green-log/", body: fields{
			"property_id": property, "contractor_id": person, "worker_name": "", "time_in": "2026-06-10T07:30", "time_out": "2026-06-10T09:00",
			"service_type": "Mowing", "products_used": "", "quantity_used": 0, "notes": "",
		}, second: 200},
		{call: "POST /routes/", body: fields{"name": "Loop"}, second: 200},
		{call: "POST /property-lists/", body: fields{"name": "Downtown"}, second: 200},
		{call: "POST /winter-products/", body: fields{"name": "Sand", "unit": "tons"}, second: 200},
		{call: "POST /landscape-products/", body: fields{"name": "Gravel", "unit": "tons"}, second: 200},
		{call: "POST /api/invitations/", body: fields{"email": "new@a.example", "role": "User"}, second: 200},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		if c.path != "" {
			path = c.path
		}
		p.Do(method, path, admin, c.body).Want(t, http.StatusOK)
		before := id(rowsSQL)
		if a := p.Do(method, path, admin, c.body); a.Status != c.second {
			t.Errorf("%s a second time: %d %s, want %d", c.call, a.Status, a.Body, c.second)
		}
		added, row := id(rowsSQL)-before, repeatedRow(t, "`"+c.call+"`"+c.with)
		if isSafe := strings.Contains(row, "| safe"); isSafe != (added == 0) {
			t.Errorf("%s a second time adds %d rows; the page says:%s", c.call, added, row)
		}
	}
}

// repeatedRow is the row of the page's table that names a call.
func repeatedRow(t *testing.T, call string) string {
	t.Helper()
	_, section, _ := strings.Cut(readPage(t, "docs/api.md").text, "\n## Repeating a call\n")
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| ") && strings.Contains(line, call) {
			return line
		}
	}
	t.Fatalf("the page says nothing of %s", call)
	return ""
}
