// Package demo fills an empty portal with two companies, so that there is something to see: people of
// every role, properties, a storm that is going on. It owns no table, and never touches a portal that
// has a customer.
package demo

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5"
)

//go:embed *.sql
var scripts embed.FS

// order is that of the references: each script finds what it names.
var order = []string{
	"customers.sql", "people.sql", "properties.sql", "assignments.sql", "storms.sql", "checkins.sql", "routes.sql", "green.sql",
}

// A Login is somebody to try the portal as.
type Login struct {
	CustomerID string `db:"customer_id"`
	Company    string `db:"company_name"`
	Name       string `db:"name"`
	Email      string `db:"email"`
	Role       string `db:"role"`
}

// Load fills an empty portal, within the transaction of the installer: a superuser, or the owner of the
// tables with row security lifted. All people get the same password. Where there is a customer it
// changes nothing and ok is false.
func Load(ctx context.Context, tx pgx.Tx, passwordHash string, say func(string)) (logins []Login, ok bool, err error) {
	var taken bool
	if err := tx.QueryRow(ctx, `select exists (select from platform.customers)`).Scan(&taken); err != nil || taken {
		return nil, false, err
	}

	for _, name := range order {
		loaded, err := run(ctx, tx, name)
		if err != nil {
			return nil, false, fmt.Errorf("demo data, %s: %w", name, err)
		}
		say("demo data: " + loaded)
	}
	if _, err := tx.Exec(ctx, passwordSQL, passwordHash); err != nil {
		return nil, false, err
	}

	rows, err := tx.Query(ctx, loginsSQL)
	if err != nil {
		return nil, false, err
	}
	logins, err = pgx.CollectRows(rows, pgx.RowToStructByName[Login])
	return logins, err == nil, err
}

// run executes a script and returns what its last statement says about it.
func run(ctx context.Context, tx pgx.Tx, name string) (loaded string, err error) {
	script, err := scripts.ReadFile(name)
	if err != nil {
		return "", err
	}
	results, err := tx.Conn().PgConn().Exec(ctx, string(script)).ReadAll()
	if err != nil {
		return "", err
	}
	return string(results[len(results)-1].Rows[0][0]), nil
}

const passwordSQL = `
update platform.logins
set password_hash = $1, confirmed_at = now()`

// The first of each role in each company, and whoever works for both.
const loginsSQL = `
select c.customer_id, c.company_name, u.name, u.email, u.role
from (
  select u.*, row_number() over (partition by u.customer_id, u.role order by u.id) as place,
    count(*) over (partition by u.email) as companies
  from portal.users u
  where u.status = 'active'
) as u
join platform.customers c on c.customer_id = u.customer_id
where u.place = 1
  or u.companies > 1
order by c.customer_id, array_position(array['Admin', 'Manager', 'Contractor', 'Subcontractor', 'User'], u.role), u.id`
