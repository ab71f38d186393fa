package assistant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"contractor-portal/server/endpoint"
)

// A looker answers a tool that reads, with what is made of JSON.
type looker func(ctx context.Context, p portal, arguments json.RawMessage) (any, error)

// A portal is the API as the person uses it: the same roles and checks, and units of work of his own.
type portal struct{ work endpoint.Work }

// hand is what the audit log says of what the assistant did for a person.
const hand = "assistant"

// A refusal is what the portal said to a request of the model's; it is told so.
type refusal struct{ detail string }

func (r *refusal) Error() string { return r.detail }

// ask calls an operation and decodes its answer. Errors: *refusal where the portal refused.
func (p portal) ask(ctx context.Context, method, path string, query url.Values, body, into any) error {
	target := path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	status, answer, err := p.work.Ask(ctx, hand, method, target, body)
	if err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		var problem struct{ Detail string }
		_ = json.Unmarshal(answer, &problem) // an answer without detail says nothing
		return &refusal{problem.Detail}
	}
	return json.Unmarshal(answer, into)
}

// decode reads arguments of a tool; what the tool has not is refused.
func decode(arguments json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(arguments))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &refusal{"the arguments do not fit the tool's schema"}
	}
	return nil
}

func (p portal) get(ctx context.Context, path string, query url.Values, into any) error {
	for name, values := range query {
		if values[0] == "" || values[0] == "0" {
			delete(query, name)
		}
	}
	return p.ask(ctx, http.MethodGet, path, query, nil, into)
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// A log is what a tool shows of a winter log.
type log struct {
	ID                 int64   `json:"id"`
	PropertyName       string  `json:"property_name"`
	ContractorName     *string `json:"contractor_name"`
	WorkerName         *string `json:"worker_name"`
	Equipment          *string `json:"equipment"`
	TimeIn             *string `json:"time_in"`
	TimeOut            *string `json:"time_out"`
	BulkSaltQty        float64 `json:"bulk_salt_qty"`
	BagSaltQty         float64 `json:"bag_salt_qty"`
	CalciumChlorideQty float64 `json:"calcium_chloride_qty"`
	Notes              *string `json:"notes"`
	WinterEventName    *string `json:"winter_event_name"`
}

// mostRows is how many rows a tool shows at the most.
const mostRows = 100

func lookAtLogs(ctx context.Context, p portal, arguments json.RawMessage) (any, error) {
	in := struct {
		StartDate      string `json:"start_date"`
		EndDate        string `json:"end_date"`
		PropertyID     int64  `json:"property_id"`
		ContractorName string `json:"contractor_name"`
		Limit          int    `json:"limit"`
	}{Limit: 20}
	if err := decode(arguments, &in); err != nil {
		return nil, err
	}
	if in.Limit < 1 || in.Limit > mostRows {
		return nil, &refusal{fmt.Sprintf("limit is from 1 to %d", mostRows)}
	}
	logs := []log{}
	err := p.get(ctx, "/winter-logs/", url.Values{
		"from": {in.StartDate}, "to": {in.EndDate}, "property_id": {id(in.PropertyID)}, "contractor_name": {in.ContractorName}, "limit": {strconv.Itoa(in.Limit)},
	}, &logs)
	return map[string]any{"logs": logs, "count": len(logs)}, err
}

// reportFilter is what the operations of reports take.
type reportFilter struct {
	StartDate      string `json:"start_date,omitempty"`
	EndDate        string `json:"end_date,omitempty"`
	PropertyID     int64  `json:"property_id,omitempty"`
	ContractorName string `json:"contractor_name,omitempty"`
}

// The sums are those of the reports on screen.
func lookAtReport(ctx context.Context, p portal, arguments json.RawMessage) (any, error) {
	var in reportFilter
	if err := decode(arguments, &in); err != nil {
		return nil, err
	}
	var byProperty, byProduct, byUser []map[string]any
	for path, into := range map[string]*[]map[string]any{"/report/by-property/": &byProperty, "/report/by-product/": &byProduct, "/report/by-user/": &byUser} {
		if err := p.ask(ctx, http.MethodPost, path, nil, in, into); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"properties_serviced": len(byProperty), "by_property": first(byProperty), "by_person": first(byUser), "by_product": first(byProduct),
	}, nil
}

func first(rows []map[string]any) []map[string]any { return rows[:min(len(rows), mostRows)] }

// A place is what a tool shows of a property.
type place struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address"`
}

func lookAtProperties(ctx context.Context, p portal, arguments json.RawMessage) (any, error) {
	var in struct {
		Search string `json:"search"`
	}
	if err := decode(arguments, &in); err != nil {
		return nil, err
	}
	limit := "20"
	if in.Search != "" {
		limit = "10"
	}
	places := []place{}
	err := p.get(ctx, "/properties/", url.Values{"search": {in.Search}, "limit": {limit}}, &places)
	return places, err
}

func lookAtEvents(ctx context.Context, p portal, arguments json.RawMessage) (any, error) {
	var in struct {
		EventName string `json:"event_name"`
	}
	if err := decode(arguments, &in); err != nil {
		return nil, err
	}
	events := []struct {
		ID        int64   `json:"id"`
		EventName string  `json:"event_name"`
		StartDate string  `json:"start_date"`
		EndDate   *string `json:"end_date"`
		Status    string  `json:"status"`
	}{}
	err := p.get(ctx, "/winter-events/", url.Values{"event_name": {in.EventName}, "limit": {"20"}}, &events)
	return events, err
}

// person finds the one person of the company whom a name means.
func (p portal) person(ctx context.Context, name string) (id int64, err error) {
	var people []struct {
		ID   int64   `json:"id"`
		Name *string `json:"name"`
	}
	if err := p.get(ctx, "/contractors/", nil, &people); err != nil {
		return 0, err
	}
	found := 0
	for _, of := range people {
		if of.Name == nil || !strings.Contains(strings.ToLower(*of.Name), strings.ToLower(strings.TrimSpace(name))) {
			continue
		}
		if strings.EqualFold(*of.Name, strings.TrimSpace(name)) {
			return of.ID, nil
		}
		found++
		id = of.ID
	}
	if found != 1 {
		return 0, &refusal{fmt.Sprintf("contractor_name means %d people of the company; name one exactly", found)}
	}
	return id, nil
}

// told is what the model hears of an error: what the portal said to it, which the person may read too, and no other.
func told(err error) (string, bool) {
	var r *refusal
	if errors.As(err, &r) {
		return r.detail, true
	}
	return "", false
}
