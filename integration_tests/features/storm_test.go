package features

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A step moves the clock under a title, or calls an operation as one of the people.
type step struct {
	at, title      string
	as, call, body string
	keep           string
}

// A storm goes over two companies at once: both take each step at the same time, with the same names,
// addresses and e-mails, in zones of their own. What each is answered must be what stands in the golden
// file, whatever the other does.
func TestStorm_Golden(t *testing.T) {
	t.Parallel()
	playStorm(t, true, func(*harness.Settings) {})
}

// With one connection for all tenants, what one company leaves behind on it would show in the other.
func TestStorm_GoldenOnOneConnection(t *testing.T) {
	t.Parallel()
	playStorm(t, true, func(s *harness.Settings) { s.DB.AppConns = 1 })
}

// playStorm plays it, and returns the portal and the two companies after it.
func playStorm(t *testing.T, golden bool, change func(*harness.Settings)) (*portal, []*player) {
	t.Helper()
	c, withClock := harness.NewClock(t, "2026-01-10T09:00:00")
	p := newPortal(t, withClock, change)
	companies := []*player{newPlayer(p, harness.CompanyA, "Alder Grounds"), newPlayer(p, harness.CompanyB, "Birch Grounds")}

	var transcript strings.Builder
	for _, s := range stormScript {
		if s.at != "" {
			c.Set(s.at)
			fmt.Fprintf(&transcript, "\n# %s, %s\n", s.title, s.at)
			continue
		}
		answers := make([]string, len(companies))
		var both sync.WaitGroup
		for i, company := range companies {
			both.Go(func() { answers[i] = company.take(s) })
		}
		both.Wait()
		fmt.Fprintf(&transcript, "\n%s %s\n", s.as, s.call)
		if s.body != "" {
			fmt.Fprintf(&transcript, "%s\n", s.body)
		}
		if answers[0] == answers[1] {
			fmt.Fprintf(&transcript, "→ %s\n", answers[0])
			continue
		}
		for i, company := range companies {
			fmt.Fprintf(&transcript, "%s → %s\n", company.name, answers[i])
		}
	}
	if golden {
		harness.CompareWithGolden(t, "storm.golden", []byte(strings.TrimLeft(transcript.String(), "\n")))
	}
	return p, companies
}

// stormPeople are in both companies, and log in with the same e-mail and password.
var stormPeople = []struct{ name, role, equipment string }{
	{"dana", auth.Manager, ""},
	{"lee", auth.Contractor, ""},
	{"sam", auth.Subcontractor, "Sidewalk plow"},
	{"kim", auth.User, "Plow truck"},
}

// A player is one company's part of the storm.
type player struct {
	p              *portal
	customer, name string
	tokens         map[string]string           // person → access token
	kept           map[string]int64            // name of the script → id
	named          map[string]map[int64]string // kind → id → how the transcript calls it
}

func newPlayer(p *portal, customer, name string) *player {
	p.T.Helper()
	c := &player{p: p, customer: customer, name: name, tokens: map[string]string{}, kept: map[string]int64{}, named: map[string]map[int64]string{}}
	for _, who := range stormPeople {
		email := who.name + "@storm.example"
		id := p.addPerson(customer, strings.ToUpper(who.name[:1])+who.name[1:]+" Storm", email, who.role)
		if who.equipment != "" {
			p.Exec("update portal.users set default_equipment = $1 where id = $2", who.equipment, id)
		}
		c.tokens[who.name] = p.signIn(email, customer)
	}
	// The subcontractor works for the contractor.
	p.Exec(`update portal.users s set contractor_id = c.id from portal.users c
		where s.customer_id = $1 and c.customer_id = $1 and s.email = 'sam@storm.example' and c.email = 'lee@storm.example'`, customer)
	return c
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// take takes a step and returns what was answered, in words that do not depend on the company.
func (c *player) take(s step) string {
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(name string) string {
			id, ok := c.kept[name[1:len(name)-1]]
			if !ok {
				c.p.T.Errorf("%s: nothing was kept as %s", s.call, name)
			}
			return fmt.Sprint(id)
		})
	}
	method, path, _ := strings.Cut(fill(s.call), " ")
	var body any
	if s.body != "" {
		body = json.RawMessage(fill(s.body))
	}
	a, err := c.p.Try(c.p.T.Context(), method, path, c.tokens[s.as], body)
	if err != nil {
		c.p.T.Error(err)
		return err.Error()
	}
	var answered any
	decoder := json.NewDecoder(bytes.NewReader(a.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&answered); err != nil {
		c.p.T.Errorf("%s: %v: %s", s.call, err, a.Body)
		return err.Error()
	}
	for wanted := range strings.SplitSeq(s.keep, ", ") {
		name, at, ok := strings.Cut(wanted, "=")
		if !ok {
			continue
		}
		if c.kept[name], err = idAt(answered, at); err != nil {
			c.p.T.Errorf("%s: %s is not kept: %v in %s", s.call, name, err, a.Body)
		}
	}
	return fmt.Sprintf("%d %s", a.Status, written(c.plain(answered, s.noun())))
}

// idAt finds the id that a step keeps.
func idAt(answered any, at string) (int64, error) {
	element, field, listed := strings.Cut(at, "/")
	if listed {
		key, value, _ := strings.Cut(element, ":")
		list, _ := answered.([]any)
		i := slices.IndexFunc(list, func(e any) bool { return e.(map[string]any)[key] == value })
		if i < 0 {
			return 0, fmt.Errorf("no element whose %s is %s", key, value)
		}
		answered, at = list[i], field
	}
	object, _ := answered.(map[string]any)
	number, ok := object[at].(json.Number)
	if !ok {
		return 0, fmt.Errorf("no number %s", at)
	}
	return number.Int64()
}

// What the ids of an answer are ids of: by the name of the field, or else by the call.
var (
	nounOfField = map[string]string{
		"user_id": "person", "contractor_id": "person", "created_by": "person", "property_id": "property", "current_property_id": "property",
		"winter_event_id": "event", "event_id": "event", "log_id": "log", "checkin_id": "check-in", "route_id": "route", "list_id": "list",
		"assignment_id": "assignment",
	}
	nounOfCall = []struct{ part, noun string }{
		{"checkin", "check-in"},
		{"available-crews", "check-in"},
		{"assignments/route", "route assignment"},
		{"assignments", "assignment"},
		{"/progress", "log"},
		{"winter-log", "log"},
		{"winter-events", "event"},
		{"/property-lists", "list"},
		{"/routes", "route"},
		{"properties", "property"},
		{"/contractors", "person"},
	}
	// What is of the database's own clock, or of one request.
	masked = map[string]bool{"created_at": true, "updated_at": true, "assigned_date": true, "assigned_at": true, "added_at": true, "request_id": true}
)

func (s step) noun() string {
	for _, n := range nounOfCall {
		if strings.Contains(s.call, n.part) {
			return n.noun
		}
	}
	return "thing"
}

// plain is an answer without what differs from company to company, or from one time to another: an id is
// called by when it was met first.
func (c *player) plain(v any, noun string) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = c.plain(v[i], noun)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			number, isNumber := v[name].(json.Number)
			of := nounOfField[name]
			if name == "id" || name == "assignment_id" && noun == "route assignment" {
				of = noun
			}
			switch {
			case of != "" && isNumber:
				v[name] = c.called(of, number)
			case name == "customer_id":
				v[name] = strings.Replace(v[name].(string), c.customer, "its own", 1)
			case masked[name] && v[name] != nil:
				v[name] = "…"
			case name == "properties" && noun != "log":
				v[name] = c.plain(v[name], "property")
			default:
				v[name] = c.plain(v[name], noun)
			}
		}
	}
	return v
}

func (c *player) called(noun string, number json.Number) string {
	id, err := number.Int64()
	if err != nil {
		c.p.T.Error(err)
	}
	if c.named[noun] == nil {
		c.named[noun] = map[int64]string{}
	}
	if c.named[noun][id] == "" {
		c.named[noun][id] = fmt.Sprintf("%s %d", noun, len(c.named[noun])+1)
	}
	return c.named[noun][id]
}

// written writes an element of a list on each line.
func written(v any) string {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		lines := make([]string, len(v))
		for i, e := range v {
			lines[i] = compact(e)
		}
		return "[\n  " + strings.Join(lines, ",\n  ") + "\n]"
	case map[string]any:
		rest, lists := map[string]any{}, ""
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if list, ok := v[name].([]any); ok && len(list) > 0 {
				lists += fmt.Sprintf("\n%s: %s", name, written(list))
			} else {
				rest[name] = v[name]
			}
		}
		return compact(rest) + lists
	}
	return compact(v)
}

func compact(v any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(text.String())
}
