package service

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// rejected stands in the requests that are refused, and must stand in no answer.
const rejected = "Rejected-Value-7391"

// Whoever refuses, a feature, huma, Echo or a middleware: the client sees one form, and nothing of what
// was sent or of how it is stored.
func TestProblems_HaveOneForm(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	form := "application/x-www-form-urlencoded"
	fields := func(changes map[string]any) map[string]any {
		return harness.Changed(map[string]any{"name": "New", "address": "New 1", "sqft": 1, "area_manager": nil, "plow": true, "salt": false}, changes)
	}
	large := strings.Repeat("x", 3<<20)
	for name, tt := range map[string]struct {
		method, path, token string
		body                any
		status              int
		field               string // the location of the first of errors[]; empty: there is none
	}{
		"no token":              {"GET", "/properties/", "", nil, 401, ""},
		"bad token":             {"GET", "/properties/", rejected, nil, 401, ""},
		"role":                  {"POST", "/add-property/", p.Token(harness.CompanyA, auth.User), fields(nil), 403, ""},
		"path":                  {"GET", "/nothing/" + rejected, token, nil, 404, ""},
		"path, write":           {"POST", "/nothing", token, map[string]string{"a": rejected}, 404, ""},
		"asset of the docs":     {"GET", "/docs/" + rejected, "", nil, 404, ""},
		"problem":               {"GET", "/problems/" + rejected, "", nil, 404, ""},
		"absent":                {"GET", "/properties/987654321", token, nil, 404, ""},
		"method":                {"PATCH", "/properties/", token, nil, 405, ""},
		"method, write":         {"DELETE", "/add-property/", token, nil, 405, ""},
		"id is a text":          {"GET", "/properties/" + rejected, token, nil, 422, "path.property_id"},
		"id is too large":       {"GET", "/properties/99999999999999999999", token, nil, 422, "path.property_id"},
		"id is negative":        {"GET", "/properties/-1", token, nil, 422, "path.property_id"},
		"limit is a text":       {"GET", "/properties/?limit=" + rejected, token, nil, 422, "query.limit"},
		"limit is 0":            {"GET", "/properties/?limit=0", token, nil, 422, "query.limit"},
		"limit is too large":    {"GET", "/properties/?limit=10001", token, nil, 422, "query.limit"},
		"offset is negative":    {"GET", "/properties/?offset=-1", token, nil, 422, "query.offset"},
		"half a JSON":           {"POST", "/add-property/", token, harness.RawBody{Kind: "application/json", Text: `{"name":"` + rejected}, 400, "body"},
		"no JSON":               {"POST", "/add-property/", token, harness.RawBody{Kind: "application/json", Text: rejected}, 400, "body"},
		"no body":               {"POST", "/add-property/", token, nil, 400, ""},
		"a list":                {"POST", "/add-property/", token, []string{rejected}, 422, "body"},
		"null":                  {"POST", "/add-property/", token, harness.RawBody{Kind: "application/json", Text: "null"}, 422, "body"},
		"XML":                   {"POST", "/add-property/", token, harness.RawBody{Kind: "text/xml", Text: rejected}, 415, "body"},
		"form":                  {"POST", "/add-property/", token, harness.RawBody{Kind: form, Text: "name=" + rejected}, 415, "body"},
		"too large":             {"POST", "/add-property/", token, map[string]string{"name": large}, 413, ""},
		"field missing":         {"POST", "/add-property/", token, fields(map[string]any{"name": nil}), 422, "body"},
		"field of another type": {"POST", "/add-property/", token, fields(map[string]any{"sqft": rejected}), 422, "body.sqft"},
		"field beyond a number": {"POST", "/add-property/", token, fields(map[string]any{"sqft": 7391739173}), 422, "body"},
		"number beyond all":     {"POST", "/add-property/", token, harness.RawBody{Kind: "application/json", Text: `{"plow_rate":7391e400}`}, 400, "body"},
		"no such word":          {"POST", "/add-property/", token, fields(map[string]any{"trigger_type": rejected}), 422, "body.trigger_type"},
		"pattern":               {"POST", "/add-property/", token, fields(map[string]any{"open_by_time": rejected}), 422, "body.open_by_time"},
		"text too long":         {"POST", "/add-property/", token, fields(map[string]any{"name": strings.Repeat(rejected, 20)}), 422, "body.name"},
		"blank text":            {"POST", "/add-property/", token, fields(map[string]any{"name": " "}), 422, "body.name"},
		"character zero":        {"POST", "/add-property/", token, fields(map[string]any{"notes": rejected + "\x00"}), 400, ""},
		"rule over fields":      {"POST", "/add-property/", token, fields(map[string]any{"trigger_type": "one_inch", "trigger_amount": 7.391}), 422, "body.trigger_amount"},
		"log-in, field missing": {"POST", "/api/login/", "", url.Values{"username": {rejected}}, 422, "body"},
		"log-in, form too long": {"POST", "/api/login/", "", url.Values{"username": {"a"}, "password": {large}}, 413, ""},
		"log-in, broken form":   {"POST", "/api/login/", "", harness.RawBody{Kind: form, Text: "username=%zz" + rejected}, 400, ""},
		"log-in, broken parts":  {"POST", "/api/login/", "", harness.RawBody{Kind: "multipart/form-data; boundary=B", Text: rejected}, 400, ""},
		"log-in, no boundary":   {"POST", "/api/login/", "", harness.RawBody{Kind: "multipart/form-data", Text: rejected}, 400, ""},
		"log-in refused":        {"POST", "/api/login/", "", url.Values{"username": {rejected}, "password": {rejected}}, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := p.Try(t.Context(), tt.method, tt.path, tt.token, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			wantProblem(t, a, tt.status)
			problem := a.Problem(t, tt.status)
			first := ""
			if len(problem.Errors) > 0 {
				first = problem.Errors[0].Location
			}
			if first != tt.field {
				t.Errorf("the first wrong field is %q, want %q: %s", first, tt.field, a.Body)
			}
		})
	}
}

var internals = regexp.MustCompile(`(?i)` + rejected + `|7391|json:|unmarshal|invalid character|Go (value|struct)|sql|select |insert |pgx|postgres|relation|column|panic|goroutine|\.go:|23505|22021`)

// wantProblem asserts that a refusal has the form of all, and tells nothing of our inside.
func wantProblem(t *testing.T, a harness.Answer, status int) {
	t.Helper()
	a.Problem(t, status)
	var fields map[string]any
	a.JSON(t, &fields)
	for name, value := range fields {
		text, isText := value.(string)
		switch name {
		case "type":
			if kind, ok := strings.CutPrefix(text, "/problems/"); !ok || endpoint.Types[kind] == "" {
				t.Errorf("type %v has no page", value)
			}
		case "title", "detail", "request_id":
			if !isText || text == "" {
				t.Errorf("%s is %v", name, value)
			}
		case "status":
			if value != float64(status) {
				t.Errorf("status %v in the body of a %d", value, status)
			}
		case "ok":
			if value != false {
				t.Errorf("ok is %v", value)
			}
		case "message":
			if value != fields["detail"] {
				t.Errorf("message is %v, detail %v", value, fields["detail"])
			}
		case "errors", "companies":
		default:
			t.Errorf("unknown field %s", name)
		}
	}
	for _, name := range []string{"type", "title", "status", "detail", "request_id"} {
		if _, ok := fields[name]; !ok {
			t.Errorf("%s is absent", name)
		}
	}
	if fields["request_id"] != a.Header.Get("X-Request-Id") {
		t.Errorf("request_id %v, header %s", fields["request_id"], a.Header.Get("X-Request-Id"))
	}
	delete(fields, "request_id")
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	if found := internals.FindAllString(string(text), -1); found != nil {
		t.Errorf("the answer shows %q: %s", found, text)
	}
}

func TestProblems_HavePages(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for kind, text := range endpoint.Types {
		a := p.Do("GET", "/problems/"+kind, "", nil).Want(t, http.StatusOK)
		if !strings.Contains(string(a.Body), text) {
			t.Errorf("/problems/%s: %s", kind, a.Body)
		}
	}
}

// Without a token there is nothing but 401, whatever is asked and sent; with one whose role is not
// named there is nothing but 403.
func TestRoles_OfEveryOperation(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	operations := harness.ReadDocument(t, p.Portal)
	callers := p.Callers()
	checked := 0
	for _, op := range operations {
		if op.Public() {
			if len(op.Roles) > 0 {
				t.Errorf("%s is public, and has roles", op)
			}
			continue
		}
		if len(op.Roles) == 0 {
			t.Errorf("%s needs a token, and names no role", op)
		}
		path := harness.Request{Op: op, IDs: absentIDs(op)}.Target()
		for _, body := range []any{nil, harness.RawBody{Kind: "application/json", Text: "{"}, harness.RawBody{Kind: "application/x-www-form-urlencoded", Text: "a=b"}} {
			wantProblem(t, p.Do(op.Method, path, "", body), http.StatusUnauthorized)
			for _, c := range callers {
				if !op.Admits(c) {
					wantProblem(t, p.Do(op.Method, path, c.Token, body), http.StatusForbidden)
					checked++
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d calls of roles that are not admitted", checked)
	}
}

func absentIDs(op *harness.Operation) map[string]any {
	ids := map[string]any{}
	for _, at := range op.Places() {
		ids[at.At] = at.Absent()
	}
	return ids
}

// What a route does is in the document, and the document is what is served.
func TestRoles_EveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	roles := append(slices.Clone(harness.Roles), auth.SuperAdmin, auth.Service)
	for _, op := range harness.ReadDocument(t, p.Portal) {
		for _, role := range op.Roles {
			if !slices.Contains(roles, role) {
				t.Errorf("%s: there is no role %q", op, role)
			}
			if (role == auth.Service) != (op.Scope != "") || op.Scope != "" && !slices.Contains(harness.Scopes, op.Scope) {
				t.Errorf("%s: role %s with scope %q", op, role, op.Scope)
			}
		}
		if op.OperationID == "" || len(op.Tags) == 0 {
			t.Errorf("%s has no operation id or no tag", op)
		}
	}
}
