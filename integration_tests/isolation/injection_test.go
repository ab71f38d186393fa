package isolation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Who finds a place to put an expression into a statement of the server (all that the extended protocol
// admits) cannot switch the company with it: the statement fails, and shows no foreign row.
func TestInjection_SwitchesNoCompany(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	admin := harness.NewMember(t, super, harness.CompanyA, auth.Admin)
	victim := harness.NewMember(t, super, harness.CompanyB, auth.Admin)
	// Of the columns of the view some, by their names: a place for an expression beside them.
	list := strings.Replace(harness.FindStatement(t, "server/properties", "listSQL").Positional(t), "p.*", "p.id, p.customer_id, p.name, p.address", 1)
	columns := list[strings.Index(list, "select")+len("select") : strings.Index(list, "\nfrom properties p\n")]

	// Places in the statement for an expression of type text.
	places := map[string]func(expression string) string{
		"where": func(e string) string { return strings.Replace(list, "order by", "and "+e+" is not null order by", 1) },
		"where with or": func(e string) string {
			return strings.Replace(list, "order by", "and (false or "+e+" = 'x') order by", 1)
		},
		"order by": func(e string) string { return strings.Replace(list, "order by", "order by "+e+",", 1) },
		"sub-select": func(e string) string {
			return strings.Replace(list, "p.name,", "coalesce((select "+e+"), p.name) as name,", 1)
		},
		"column": func(e string) string { return strings.Replace(list, "p.name,", "coalesce("+e+", p.name) as name,", 1) },
		"case": func(e string) string {
			return strings.Replace(list, "p.name,", "case when "+e+" <> '' then p.name end as name,", 1)
		},
		"limit": func(e string) string { return strings.Replace(list, "limit", "limit length("+e+") +", 1) },
		"inner union": func(e string) string {
			return strings.Replace(list, "from properties p", "from (select * from properties where "+e+" is null union all select * from properties) p", 1)
		},
		"with": func(e string) string {
			return "with s as materialized (select " + e + " as e) " + strings.Replace(list, "order by", "and (select e from s) is not null order by", 1)
		},
		"lateral": func(e string) string {
			return strings.Replace(list, "from properties p", "from (select "+e+" as e) s cross join lateral (select * from properties where s.e is not null) p", 1)
		},
		"values": func(e string) string {
			return strings.Replace(list, "from properties p", "from (values ("+e+")) s (e) join properties p on s.e is not null", 1)
		},
		"function in from": func(e string) string {
			return strings.Replace(list, "from properties p", "from "+e+" s join properties p on true", 1)
		},
		"union": func(e string) string {
			return "select * from (" + list + ") first_ones union all select" + columns + " from properties p where " + e + " is not null"
		},
	}
	expressions := map[string]string{
		"set_config":           "set_config('app.customer_id', 'BBBB33333', true)",
		"qualified set_config": "pg_catalog.set_config('app.customer_id', 'BBBB33333', false)",
		"quoted set_config":    `"pg_catalog"."set_config"($q$app.customer_id$q$, 'BBBB' || '33333', 1 = 1)`,
		"entry":                victim.Expression(),
		"entry, shorter":       strings.Replace(victim.Expression(), "(null, ", "(", 1),
		"entry, quoted":        strings.Replace(victim.Expression(), "tenancy.enter", `"tenancy"."enter"`, 1),
		"entry, by names":      fmt.Sprintf("tenancy.enter(p_zone => null, p_customer => 'BBBB33333', p_user => %d, p_role => 'Admin', p_acting => null, p_session => '%s', p_read_only => false)", *victim.User, victim.Session),
		"guest's entry":        "tenancy.enter_guest(null, 'BBBB33333')",
		"text as SQL":          "query_to_xml('set app.customer_id = ''BBBB33333''', true, true, '')::text",
		"text as SQL, again":   "(select word from ts_stat('select to_tsvector(name) from portal.locations') limit 1)",
		"a file":               "pg_read_file('/etc/passwd')",
	}

	listed := func(sql string) (own, foreign int, err error) {
		err = admin.Inside(t.Context(), app, func(tx pgx.Tx) error {
			rows, err := tx.Query(t.Context(), sql, "", 100, 0)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				values, err := rows.Values()
				if err != nil {
					return err
				}
				if values[1] == harness.CompanyA {
					own++
				} else {
					foreign++
				}
			}
			return rows.Err()
		})
		return own, foreign, err
	}

	if own, foreign, err := listed(list); own != 3 || foreign != 0 || err != nil {
		t.Fatalf("as it is the statement lists %d own and %d foreign properties: %v", own, foreign, err)
	}
	for place, inject := range places {
		if own, foreign, err := listed(inject("lower('harmless')")); err != nil || own < 3 && place != "where with or" || foreign > 0 {
			t.Errorf("harmless in %s: %d own, %d foreign, %v", place, own, foreign, err)
		}
		for name, expression := range expressions {
			if place == "function in from" { // takes a function and nothing else
				if expression = strings.TrimSuffix(expression, "::text"); expression[0] == '(' {
					continue
				}
			}
			own, foreign, err := listed(inject(expression))
			if code := harness.SQLState(err); foreign > 0 || code != "42501" && code != isProcedure && code != "42883" {
				t.Errorf("%s in %s: %d own and %d foreign properties, %v", name, place, own, foreign, err)
			}
		}
	}
	if _, _, err := listed(list + "; set app.customer_id = 'BBBB33333'"); harness.SQLState(err) != "42601" {
		t.Errorf("a second statement: %v", err)
	}

	// With set_config granted the same injections show foreign rows: this is what is revoked.
	if _, err := super.Exec(t.Context(), "grant execute on function set_config(text, text, boolean) to portal_app"); err != nil {
		t.Fatal(err)
	}
	leaking := 0
	for _, inject := range places {
		if _, foreign, _ := listed(inject(expressions["set_config"])); foreign > 0 {
			leaking++
		}
	}
	if leaking < 3 {
		t.Errorf("with set_config granted only %d of %d places leak: this test would not see it", leaking, len(places))
	}
	t.Logf("%d places × %d expressions; with set_config granted %d places would leak", len(places), len(expressions), leaking)
}
