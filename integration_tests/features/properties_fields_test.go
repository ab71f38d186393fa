package features

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// addProperty adds one and returns how it reads afterwards, without what the database made.
func (p *portal) addProperty(token string, body map[string]any) (id int64, row map[string]any) {
	p.T.Helper()
	var added struct {
		PropertyID int64 `json:"property_id"`
		Message    string
	}
	p.Do("POST", "/add-property/", token, body).Want(p.T, http.StatusOK).JSON(p.T, &added)
	if added.PropertyID == 0 || added.Message == "" {
		p.T.Fatalf("answer %+v", added)
	}
	p.Do("GET", fmt.Sprintf("/properties/%d", added.PropertyID), token, nil).Want(p.T, http.StatusOK).JSON(p.T, &row)
	for _, name := range []string{"id", "created_at", "updated_at"} {
		if row[name] == nil {
			p.T.Errorf("%s is absent", name)
		}
		delete(row, name)
	}
	return added.PropertyID, row
}

func TestPropertyFields_AreKept(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	all := map[string]any{
		"name": "Maple Plaza", "address": "120 Maple Street, Buffalo, NY 14201", "sqft": 42000.0, "area_manager": "Pat Doyle", "plow": true, "salt": false,
		"trigger_type": "custom", "trigger_amount": 3.25, "contract_tier": "Premium", "open_by_time": "06:30", "billing_type": "per_occurrence",
		"plow_rate": 120.5, "salt_rate": 80.0, "sidewalk_deice_rate": 0.0, "sidewalk_snow_rate": 99999999.0, "notes": "Gate code: 7 — \"<b>\"",
		"latitude": 42.8864, "longitude": -78.8784, "show_on_weather_dashboard": false,
	}
	want := harness.Changed(all, map[string]any{"customer_id": harness.CompanyA})
	if _, have := p.addProperty(p.Token(harness.CompanyA, auth.Admin), all); cmp.Diff(want, have) != "" {
		t.Errorf("-want +have:\n%s", cmp.Diff(want, have))
	}

	// What the old page leaves out, or sends as null, gets defaults.
	nothing := map[string]any{"sqft": nil, "area_manager": nil}
	for _, name := range []string{
		"trigger_type", "trigger_amount", "contract_tier", "open_by_time", "billing_type", "plow_rate", "salt_rate", "sidewalk_deice_rate", "sidewalk_snow_rate",
		"notes", "latitude", "longitude", "show_on_weather_dashboard",
	} {
		nothing[name] = nil
	}
	want = harness.Changed(want, map[string]any{
		"plow": false, "salt": true, "trigger_type": "two_inch", "trigger_amount": 2.0, "contract_tier": "Standard", "billing_type": "hourly", "show_on_weather_dashboard": true,
	})
	for _, name := range []string{"sqft", "open_by_time", "plow_rate", "salt_rate", "sidewalk_deice_rate", "sidewalk_snow_rate", "notes", "latitude", "longitude"} {
		want[name] = nil
	}
	want["area_manager"] = ""
	short := map[string]any{"name": " Maple Plaza ", "plow": 0, "salt": 1}
	for i, body := range []map[string]any{{"sqft": nil, "area_manager": nil}, nothing} {
		for name, value := range short {
			body[name] = value
		}
		body["address"] = fmt.Sprintf(" %d Short Street ", i)
		want["address"] = fmt.Sprintf("%d Short Street", i)
		if _, have := p.addProperty(p.Token(harness.CompanyA, auth.Admin), body); cmp.Diff(want, have) != "" {
			t.Errorf("short body %d: -want +have:\n%s", i, cmp.Diff(want, have))
		}
	}
}

func TestPropertyFields_TriggerDecidesTheAmount(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Manager)
	for kind, inches := range map[string]float64{"zero_tolerance": 0, "half_inch": 0.5, "one_inch": 1, "two_inch": 2} {
		for _, amount := range []any{nil, inches} {
			_, row := p.addProperty(token, propertyBody(map[string]any{"address": fmt.Sprintf("%s %v", kind, amount), "trigger_type": kind, "trigger_amount": amount}))
			if row["trigger_amount"] != inches || row["trigger_type"] != kind {
				t.Errorf("%s, %v: %v", kind, amount, row)
			}
		}
		problem := p.Do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "x", "trigger_type": kind, "trigger_amount": inches + 0.25})).Problem(t, http.StatusUnprocessableEntity)
		if problem.Errors[0].Location != "body.trigger_amount" {
			t.Errorf("%s: %+v", kind, problem)
		}
	}
	for _, inches := range []float64{0, 0.25, 2, 12} {
		_, row := p.addProperty(token, propertyBody(map[string]any{"address": fmt.Sprint("custom ", inches), "trigger_type": "custom", "trigger_amount": inches}))
		if row["trigger_amount"] != inches {
			t.Errorf("custom, %v: %v", inches, row["trigger_amount"])
		}
	}
}

func TestPropertyFields_Refusals(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Manager)
	id, _ := p.addProperty(token, propertyBody(map[string]any{"address": "There Already"}))
	for name, tt := range map[string]struct {
		change map[string]any
		field  string
	}{
		"no name":                {map[string]any{"name": nil}, "body.name"},
		"empty name":             {map[string]any{"name": ""}, "body.name"},
		"blank name":             {map[string]any{"name": "  "}, "body.name"},
		"long name":              {map[string]any{"name": strings.Repeat("x", 256)}, "body.name"},
		"blank address":          {map[string]any{"address": "\t"}, "body.address"},
		"long address":           {map[string]any{"address": strings.Repeat("x", 256)}, "body.address"},
		"negative sqft":          {map[string]any{"sqft": -1}, "body.sqft"},
		"sqft with a fraction":   {map[string]any{"sqft": 1.5}, "body.sqft"},
		"long manager":           {map[string]any{"area_manager": strings.Repeat("x", 101)}, "body.area_manager"},
		"plow is 2":              {map[string]any{"plow": 2}, "body.plow"},
		"salt is another word":   {map[string]any{"salt": "perhaps"}, "body.salt"},
		"unknown trigger":        {map[string]any{"trigger_type": "three_inch", "trigger_amount": 3}, "body.trigger_type"},
		"custom without amount":  {map[string]any{"trigger_type": "custom", "trigger_amount": nil}, "body.trigger_amount"},
		"amount over 12":         {map[string]any{"trigger_type": "custom", "trigger_amount": 12.25}, "body.trigger_amount"},
		"negative amount":        {map[string]any{"trigger_type": "custom", "trigger_amount": -0.25}, "body.trigger_amount"},
		"unknown tier":           {map[string]any{"contract_tier": "premium"}, "body.contract_tier"},
		"time with seconds":      {map[string]any{"open_by_time": "06:30:00"}, "body.open_by_time"},
		"time after midnight":    {map[string]any{"open_by_time": "24:00"}, "body.open_by_time"},
		"unknown billing":        {map[string]any{"billing_type": "monthly"}, "body.billing_type"},
		"negative rate":          {map[string]any{"plow_rate": -0.01}, "body.plow_rate"},
		"rate beyond the column": {map[string]any{"sidewalk_snow_rate": 100_000_000}, "body.sidewalk_snow_rate"},
		"latitude off the globe": {map[string]any{"latitude": 90.1, "longitude": 0}, "body.latitude"},
		"longitude too":          {map[string]any{"latitude": 0, "longitude": -180.1}, "body.longitude"},
		"latitude alone":         {map[string]any{"latitude": 42.5}, "body.longitude"},
		"long notes":             {map[string]any{"notes": strings.Repeat("x", 10_001)}, "body.notes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for method, body := range map[string]map[string]any{
				"POST /add-property/":   propertyBody(map[string]any{"address": "Not There"}),
				"PUT /update-property/": propertyBody(map[string]any{"address": "Not There", "id": id}),
			} {
				verb, path, _ := strings.Cut(method, " ")
				for field, value := range tt.change {
					body[field] = value
				}
				a, err := p.Try(t.Context(), verb, path, token, body)
				if err != nil {
					t.Fatal(err)
				}
				if problem := a.Problem(t, http.StatusUnprocessableEntity); len(problem.Errors) == 0 || problem.Errors[0].Location != tt.field {
					t.Errorf("%s: %s, want %s", method, a.Body, tt.field)
				}
			}
		})
	}
}
