package legacy

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"regexp"
	"slices"
	"strings"
)

// Owners are a condition on the rows of a table: those of one customer. The zero value is every row.
type owners struct {
	join, where string
	args        []any
}

// parents are the tables whose customer rows take that name none themselves, by the column that leads there.
var parents = map[string][2]string{
	"identities":                   {"user_id", "users"},
	"property_contractors":         {"property_id", "locations"},
	"assignment_history":           {"user_id", "users"},
	"routes":                       {"user_id", "users"},
	"route_properties":             {"route_id", "routes"},
	"route_assignments":            {"route_id", "routes"},
	"property_lists":               {"user_id", "users"},
	"property_list_items":          {"list_id", "property_lists"},
	"property_lists_properties":    {"list_id", "property_lists"},
	"winter_ops_logs":              {"property_id", "locations"},
	"event_checkins":               {"user_id", "users"},
	"green_services_logs":          {"property_id", "locations"},
	"green_services":               {"property_id", "locations"},
	"sms_conversations":            {"user_id", "users"},
	"sms_context":                  {"user_id", "users"},
	"sms_messages":                 {"conversation_id", "sms_conversations"},
	"sms_notification_preferences": {"user_id", "users"},
	"jobber_property_mapping":      {"property_id", "locations"},
	"quickbooks_customer_mapping":  {"property_id", "locations"},
	"quickbooks_invoices":          {"property_id", "locations"},
}

// owner is an expression for whom a row of t says it is of: a customer's id, "tenant N", or ”. joins are what it needs
// beside t. It is empty where no row of the table can say.
func (s *source) owner(t *table, alias string) (expression, joins string) {
	var says []string
	if t.has("customer_id") {
		says = append(says, "nullif(trim(convert("+alias+".customer_id using utf8mb4)), '')")
	}
	// A tenant that is the first is what a column says of itself: its parent knows better.
	if p, ok := parents[strings.ToLower(t.name)]; ok && t.has(p[0]) {
		if above := s.tables[p[1]]; above != nil && above.hasKey() {
			its, more := s.owner(above, alias+"p")
			if its != "" {
				says = append(says, "nullif(nullif("+its+", ''), 'tenant 1')")
				joins = " left join " + quoted(above.name) + " " + alias + "p on " + alias + "p.id = " + alias + "." + quoted(p[0]) + more
			}
		}
	}
	if t.has("tenant_id") {
		says = append(says, "concat('tenant ', "+alias+".tenant_id)")
	}
	if len(says) == 0 {
		return "", ""
	}
	return "convert(coalesce(" + strings.Join(says, ", ") + ", '') using utf8mb4) collate utf8mb4_bin", joins
}

// first is the owner of rows that name none, and of those of the first tenant.
const first = ""

// owned are all that rows are of, by what they say.
func (s *source) owned(ctx context.Context) ([]string, error) {
	all := map[string]bool{first: true}
	for _, name := range s.names() {
		expression, joins := s.owner(s.tables[name], "t")
		if expression == "" {
			continue
		}
		err := s.each(ctx, "select distinct "+expression+" from "+quoted(s.tables[name].name)+" t"+joins, nil, func(v []sql.RawBytes) error {
			all[string(v[0])] = true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys, nil
}

func (s *source) names() []string {
	names := make([]string, 0, len(s.tables))
	for n := range s.tables {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// of is the condition for the rows of a customer, who is what some rows say. A table in which nobody says anything is
// the first customer's.
func (s *source) of(t *table, c owner, alone bool) (o owners, some bool) {
	if alone {
		return o, true
	}
	expression, joins := s.owner(t, "t")
	if expression == "" {
		return o, slices.Contains(c.says, first)
	}
	o.join, o.where = joins, expression+" in (?"+strings.Repeat(", ?", len(c.says)-1)+")"
	for _, k := range c.says {
		o.args = append(o.args, k)
	}
	return o, true
}

// An owner is a customer here, and what rows there say that are its own.
type owner struct {
	id       string
	says     []string
	replaced string // what the id was there, where it could not stay
}

var nine = regexp.MustCompile(`^[A-Z0-9]{9}$`)

// customersOf says to which customers here the rows go. The first has what names nobody.
func customersOf(says []string, into string) (all []owner) {
	at := map[string]int{into: 0}
	all = append(all, owner{id: into})
	for _, said := range says {
		id, replaced := said, ""
		switch {
		case said == first || said == "tenant 1":
			id = into
		case !nine.MatchString(said) || said == "PLATFORM0":
			id, replaced = drawn(into, said), said
		}
		i, ok := at[id]
		if !ok {
			i = len(all)
			at[id] = i
			all = append(all, owner{id: id, replaced: replaced})
		}
		all[i].says = append(all[i].says, said)
	}
	return all
}

// alphabet is that of the ids that the portal generates: what is not mistaken for something else.
const alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

// drawn is the id of a customer that has none that could stay. It follows from what the customer was there and from
// whom the import is for, so that a second one finds the same.
func drawn(into, said string) string {
	sum := sha256.Sum256([]byte("customer of an old portal\x00" + into + "\x00" + said))
	id := make([]byte, 9)
	for i := range id {
		id[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(id)
}
