package database

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// mayFilter are the packages that know customers from outside: the registry, log-in, and what tells whose a
// message is.
var mayFilter = map[string]bool{
	"server/customers": true, "server/auth": true, "server/outbox": true, "db": true, "db/install": true, "moving": true, // the installer, who sees all
}

// No feature's statement compares customer_id with a parameter, a literal or a function: what holds the
// companies apart is row security and nothing else. Where two tenant tables meet, the whole key is named.
func TestSQL_NeverFiltersAndJoinsByTheWholeKey(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	p := newTreeParser(t, database)
	l := newLint(t, p.conn)
	judged, joined := 0, 0
	for _, s := range harness.Statements(t) {
		if s.Package == "db" || s.Package == "db/install" { // begin, enter and the catalogue
			continue
		}
		tree, err := p.tryParse(t, s.Positional(t))
		if err != nil {
			continue // TestSQL_IsPreparedByItsRole says so
		}
		filters, joins := l.look(tree)
		if !mayFilter[s.Package] {
			judged++
			if len(filters) > 0 {
				t.Errorf("%s %s: leave it out, row security compares the customer of every row", s, strings.Join(filters, ", and "))
			}
		}
		joined += len(l.joins)
		for _, j := range joins {
			t.Errorf("%s %s: name the whole key, on (a.customer_id, a.b_id) = (b.customer_id, b.id)", s, j)
		}
	}
	rows, _ := p.conn.Query(t.Context(), `select oid::regclass::text, pg_get_viewdef(oid) from pg_class where relnamespace = 'portal'::regnamespace and relkind = 'v'`)
	var shape, query string
	shapes := map[string]string{}
	if _, err := pgx.ForEachRow(rows, []any{&shape, &query}, func() error { shapes[shape] = query; return nil }); err != nil || len(shapes) == 0 {
		t.Fatalf("%d views, %v", len(shapes), err)
	}
	for shape, query := range shapes {
		if filters, joins := l.look(p.parse(t, query)); len(filters)+len(joins) > 0 {
			t.Errorf("%s %s %s", shape, filters, joins)
		}
	}
	if judged < 60 || joined < 20 {
		t.Errorf("only %d statements and %d joins were judged", judged, joined)
	}
	t.Logf("%d statements of features, %d joins of tenant tables", judged, joined)
}

// The lint must cry at what it is for, and at nothing else.
func TestSQL_LintSeesBadSamples(t *testing.T) {
	t.Parallel()
	p := newTreeParser(t, harness.CloneDatabase(t))
	l := newLint(t, p.conn)
	for sample, want := range map[string]string{
		// Good.
		"select p.customer_id, p.id from locations p where p.name = $1 order by p.customer_id, p.name":                                                                                                "",
		"select count(*) from winter_ops_logs l join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)":                                                                           "",
		"select l.id from winter_ops_logs l, locations p where p.id = l.property_id and l.customer_id = p.customer_id":                                                                                "",
		"select u.id from platform.customers c left join users u on u.customer_id = c.customer_id and u.id = tenancy.user_id()":                                                                       "",
		"select p.id from locations p where (p.customer_id, p.id) in (select l.customer_id, l.property_id from winter_ops_logs l)":                                                                    "",
		"select p.id from locations p left join users u using (customer_id) where u.customer_id is null":                                                                                              "",
		"select jsonb_build_object('customer_id', customer_id), customer_id || ':' || name as label from locations":                                                                                   "",
		"select 1 from locations p where not exists (select from locations o where o.address = $1 and o.id <> p.id)":                                                                                  "",
		"with l as (select customer_id, property_id from winter_ops_logs) select from l join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)":                                   "",
		"update locations p set notes = l.notes from winter_ops_logs l where (l.customer_id, l.property_id) = (p.customer_id, p.id)":                                                                  "",
		"insert into property_list_items (list_id, property_id) values ($1, $2) on conflict (customer_id, list_id, property_id) do update set added_at = now()":                                       "",
		"select p.id, t.n from locations p left join (select customer_id, property_id, count(*) as n from winter_ops_logs group by 1, 2) t on (t.customer_id, t.property_id) = (p.customer_id, p.id)": "",
		"select a.id from property_contractors a natural join winter_ops_logs l":                                                                                                                      "",
		"select e.id from winter_events e where e.id = coalesce($1, (select a.id from winter_events a where a.status = 'active'))":                                                                    "",
		"update winter_ops_logs l set contractor_name = case when l.contractor_id = u.id then l.contractor_name else u.name end from users u where l.id = $1 and u.id = $2":                           "",

		// Filters.
		"select id from locations where customer_id = $1":                                                                                              "filter",
		"select id from properties where customer_id = $1":                                                                                             "filter",
		"select id from locations where $1 = customer_id":                                                                                              "filter",
		"select id from locations where customer_id = 'AAAA22222'":                                                                                     "filter",
		"select id from locations where customer_id = tenancy.customer_id()":                                                                           "filter",
		"select id from locations where tenancy.customer_id() is null":                                                                                 "filter",
		"select id from locations where name = current_setting('app.customer_id')":                                                                     "filter",
		"select id from locations where customer_id <> $1":                                                                                             "filter",
		"select id from locations where customer_id in ($1, $2)":                                                                                       "filter",
		"select id from locations where customer_id = any ($1)":                                                                                        "filter",
		"select id from locations where customer_id like $1":                                                                                           "filter",
		"select id from locations where customer_id between $1 and $2":                                                                                 "filter",
		"select id from locations where customer_id is not distinct from $1":                                                                           "filter",
		"select id from locations where (customer_id, id) = ($1, $2)":                                                                                  "filter",
		"select id from locations where (customer_id, id) > ($1, $2)":                                                                                  "filter",
		"select id from locations where lower(customer_id) = $1":                                                                                       "filter",
		"select id from locations where coalesce(customer_id, '') = $1":                                                                                "filter",
		"select id from locations where customer_id || '' = $1":                                                                                        "filter",
		"select id from locations where customer_id::bytea = $1":                                                                                       "filter",
		"select id from locations where starts_with(customer_id, $1)":                                                                                  "filter",
		"select id from locations where nullif(customer_id, $1) is null":                                                                               "filter",
		"select id from locations where case customer_id when $1 then true else false end":                                                             "filter",
		"select id from locations where case when customer_id = $1 then true else false end":                                                           "filter",
		"select count(*) filter (where customer_id = $1) from locations":                                                                               "filter",
		"select id from locations order by customer_id = $1":                                                                                           "filter",
		"select min(id) from locations group by customer_id having customer_id = $1":                                                                   "filter",
		"select min(id) from locations having min(customer_id) = $1":                                                                                   "filter",
		"select c from (select customer_id as c from locations) l where c = $1":                                                                        "filter",
		"with l as (select customer_id || '' as c from locations) select c from l where c = $1":                                                        "filter",
		"select id from locations where (select customer_id from users limit 1) = $1":                                                                  "filter",
		"select id from locations where $1 in (select customer_id from users)":                                                                         "filter",
		"select id from locations p where exists (select from users u where u.customer_id = p.customer_id and u.customer_id = $1)":                     "filter",
		"select p.id from locations p join users u on u.customer_id = $1":                                                                              "filter",
		"select x.c from (select customer_id as c from locations union all select customer_id from users) x where x.c = $1":                            "filter",
		"update locations set notes = '' where customer_id = $1":                                                                                       "filter",
		"delete from locations where customer_id = $1":                                                                                                 "filter",
		"insert into winter_products (name, unit) select name, unit from winter_products where customer_id = $1":                                       "filter",
		"insert into winter_products as w (name, unit) values ($1, $2) on conflict (customer_id, id) do update set unit = $2 where w.customer_id = $3": "filter",

		// Joins.
		"select l.id from winter_ops_logs l join locations p on p.id = l.property_id":                                                                    "join",
		"select l.id from winter_ops_logs l, locations p where l.property_id = p.id":                                                                     "join",
		"select l.id from winter_ops_logs l join properties p on p.id = l.property_id":                                                                   "join",
		"select l.id from winter_ops_logs l left join locations p on p.id = coalesce(l.property_id, 0)":                                                  "join",
		"select p.id from locations p where exists (select from winter_ops_logs l where l.property_id = p.id)":                                           "join",
		"select p.id, (select count(*) from winter_ops_logs l where l.property_id = p.id) from locations p":                                              "join",
		"select p.id from locations p where p.id in (select l.property_id from winter_ops_logs l)":                                                       "join",
		"select p.id, l.n from locations p cross join lateral (select count(*) as n from winter_ops_logs l where l.property_id = p.id) l":                "join",
		"select p.id from locations p join (select property_id, max(id) as last from winter_ops_logs group by 1) l on l.property_id = p.id":              "join",
		"with l as (select property_id from winter_ops_logs) select p.id from l join locations p on p.id = l.property_id":                                "join",
		"with l as (update winter_ops_logs set notes = '' returning property_id) select p.id from l join locations p on p.id = l.property_id":            "join",
		"select a.id from property_contractors a join winter_ops_logs l using (property_id)":                                                             "join",
		"select u.id, (select max(l.id) from winter_ops_logs l where u.id in (l.user_id, l.contractor_id)) from users u":                                 "join",
		"update locations p set notes = l.notes from winter_ops_logs l where l.property_id = p.id":                                                       "join",
		"delete from property_contractors a using locations p where p.id = a.property_id":                                                                "join",
		"select l.id from winter_ops_logs l join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id) join users u on u.id = l.user_id": "join",
	} {
		filters, joins := l.look(p.parse(t, sample))
		got := strings.TrimSpace(map[bool]string{true: "filter"}[len(filters) > 0] + " " + map[bool]string{true: "join"}[len(joins) > 0])
		if got != want {
			t.Errorf("%s:\n\tgot %q, want %q: %q %q", sample, got, want, filters, joins)
		}
	}
}
