package isolation

import (
	"testing"

	"contractor-portal/integration_tests/harness"
)

// A shape shows each company what its tables show it, nothing to whoever has not entered, and is written by nobody.
func TestShapes_ReadAsTheirCaller(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Populate()
	shapes := harness.Query[[]string](p, `select array_agg(oid::regclass::text) from pg_class where relnamespace = 'portal'::regnamespace and relkind = 'v'`)
	if len(shapes) == 0 {
		t.Error("there is no shape")
	}
	for _, role := range []string{"portal_app", "portal_inspector"} {
		conn := p.As(role)
		for _, company := range []string{"", harness.CompanyA, harness.CompanyB} {
			if _, err := conn.Exec(t.Context(), "set app.customer_id = '"+company+"'"); err != nil {
				t.Fatal(err)
			}
			for _, shape := range shapes {
				var shown, foreign int
				err := conn.QueryRow(t.Context(), "select count(*), count(*) filter (where customer_id <> $1) from "+shape, company).Scan(&shown, &foreign)
				if err != nil || foreign != 0 || company == "" && shown != 0 {
					t.Errorf("%s in %q: %s shows %d rows, %d of them another company's (%v)", role, company, shape, shown, foreign, err)
				}
			}
			var shown, there int
			err := conn.QueryRow(t.Context(), "select (select count(*) from properties), (select count(*) from locations)").Scan(&shown, &there)
			if err != nil || shown != there || company != "" && shown == 0 {
				t.Errorf("%s in %q: %d of %d properties are shown (%v)", role, company, shown, there, err)
			}
		}
	}
	for _, shape := range shapes {
		for _, sql := range []string{"delete from " + shape, "update " + shape + " set name = 'X'", "insert into " + shape + " (name) values ('X')"} {
			if _, err := p.As("portal_app").Exec(t.Context(), sql); harness.SQLState(err) != "42501" {
				t.Errorf("%s: %v", sql, err)
			}
		}
		for _, role := range []string{"portal_auth", "portal_platform", "portal_auditor"} {
			if _, err := p.As(role).Exec(t.Context(), "select from "+shape); harness.SQLState(err) != "42501" {
				t.Errorf("%s reads %s: %v", role, shape, err)
			}
		}
	}
}
