package features

import (
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// What a service says of people and properties is checked against its own company.
func TestEvents_KnowTheirCompanyAlone(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	service := p.ServiceToken(harness.CompanyA, harness.Scopes...)
	report := func(status int, users ...int64) string {
		t.Helper()
		return p.Do("POST", "/n8n/error-report", service, map[string]any{"error_id": "E-7", "message": "Stopped", "severity": "high", "user_ids": users}).Problem(t, status).Detail
	}
	absent := report(http.StatusNotFound, 987654321)
	for name, id := range map[string]int64{"B's Admin": p.person(harness.CompanyB, auth.Admin), "a Manager": p.person(harness.CompanyA, auth.Manager)} {
		if detail := report(http.StatusNotFound, id); detail != absent {
			t.Errorf("%s: %s", name, detail)
		}
		report(http.StatusNotFound, p.person(harness.CompanyA, auth.Admin), id)
	}
	event := func(status int, kind string, data map[string]any) string {
		t.Helper()
		a := p.Do("POST", "/n8n/events", service, map[string]any{"type": kind, "data": data}).Want(t, status)
		return string(a.Body)
	}
	alert := func(company string) map[string]any {
		return map[string]any{"property_ids": []int64{p.property(company, 1)}, "message": "Snow from 02:00"}
	}
	event(http.StatusNotFound, "weather_alert", alert(harness.CompanyB))
	event(http.StatusOK, "weather_alert", alert(harness.CompanyA))
	for name, data := range map[string]map[string]any{
		"no properties": {"message": "Snow"}, "no message": {"property_ids": []int64{p.property(harness.CompanyA, 1)}}, "too far": {"property_ids": []int64{1}, "message": "Snow", "forecast_hours": 121},
	} {
		if a := event(http.StatusUnprocessableEntity, "weather_alert", data); !strings.Contains(a, "errors") {
			t.Errorf("%s: %s", name, a)
		}
	}
	event(http.StatusUnprocessableEntity, "repair_everything", map[string]any{})
	event(http.StatusUnprocessableEntity, "ticket_reminder", map[string]any{"hours": 0})
	for name, id := range map[string]string{"empty": "", "too long": strings.Repeat("x", 101), "of two lines": "E\n7"} {
		if a := p.Do("POST", "/n8n/error-report", service, map[string]any{"error_id": id, "message": "Stopped"}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	// Each scope opens its own.
	p.Do("POST", "/n8n/events", p.ServiceToken(harness.CompanyA, "error-report"), map[string]any{"type": "weather_alert", "data": alert(harness.CompanyA)}).Problem(t, http.StatusForbidden)
	p.Do("POST", "/n8n/error-report", p.ServiceToken(harness.CompanyA, "events"), map[string]any{"error_id": "E-7", "message": "Stopped"}).Problem(t, http.StatusForbidden)
	if entries := p.Entries("event.sent"); len(entries) != 1 || *entries[0].Role != auth.Service {
		t.Errorf("%+v", entries)
	}
}
