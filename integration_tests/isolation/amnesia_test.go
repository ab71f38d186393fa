package isolation

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A handler that forgets every condition, on every table, through the units of work of the real server,
// reads what its caller's company owns and nothing else.
func TestAmnesia_ReadsOwnCompanyOnly(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	super := harness.ConnectAs(t, "", p.Database)
	all := harness.Tables(t, super, "portal_app")
	harness.Fill(t, super, p.As("portal_app"), all, harness.NewMember(t, super, harness.CompanyA, auth.Admin), harness.NewMember(t, super, harness.CompanyB, auth.Admin))

	callers := map[string][]*auth.Principal{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		for _, role := range harness.Roles {
			caller, err := p.Keys.Verify(p.Token(company, role))
			if err != nil {
				t.Fatal(err)
			}
			callers[company] = append(callers[company], caller)
		}
	}

	type forgotten struct {
		CustomerID string `db:"customer_id"`
		Row        string `db:"row"`
	}
	read := 0
	for _, of := range all {
		sql := fmt.Sprintf("select r.customer_id, to_jsonb(r)::text as row from (select %s from %s) as r",
			strings.Join(of.Names(func(c harness.Column) bool { return c.Reads }), ", "), of.Name)
		personal := harness.Query[bool](p, `select exists (select from tenancy.platform_access a where 'platform.' || a.table_name = $1 and a.rows = 'persons')`, of.Name)
		admins := harness.Query[bool](p, `select exists (select from tenancy.narrow_doors d where d.table_name = $1 and not d.reads_all and d.expression like '%role() AS role) = ''Admin''%')`, of.Name)
		own := 0 // of a table whose rows are a person's each
		for _, company := range []string{harness.CompanyA, harness.CompanyB} {
			want := harness.Query[int](p, fmt.Sprintf("select count(*) from %s where customer_id = $1", of.Name), company)
			if want == 0 {
				t.Errorf("%s has no row of %s", of.Name, company)
			}
			for _, caller := range callers[company] {
				want := want
				if personal {
					want = harness.Query[int](p, fmt.Sprintf("select count(*) from %s where customer_id = $1 and person = $2", of.Name), company, fmt.Sprint("user ", caller.UserID()))
					own += want
				}
				if admins && caller.Role() != auth.Admin {
					want = 0
				}
				var rows []forgotten
				err := p.DB.Read(t.Context(), caller, func(ctx context.Context, tx db.Tx) (err error) {
					rows, err = built(ctx, tx, db.All[forgotten], sql)
					return err
				})
				if err != nil || len(rows) != want {
					t.Errorf("%s: %s of %s reads %d of %d rows: %v", of.Name, caller.Role(), company, len(rows), want, err)
				}
				for _, row := range rows {
					if row.CustomerID != company {
						t.Errorf("%s: %s of %s reads %s", of.Name, caller.Role(), company, row.Row)
					}
				}
				read++
			}
		}
		if personal && own == 0 {
			t.Errorf("%s has no row of anybody who asks", of.Name)
		}
	}
	t.Logf("%d reads of %d tables without a condition", read, len(all))
}

// built hands SQL that was built at run time to a function of package db, which takes constant text. The
// type of that text has no name outside of db, but inference finds it; TestSQL_IsConstant keeps the program
// from it.
func built[Text ~string, T any](ctx context.Context, tx db.Tx, run func(context.Context, db.Tx, Text, ...any) ([]T, error), sql string) ([]T, error) {
	return run(ctx, tx, Text(sql))
}
