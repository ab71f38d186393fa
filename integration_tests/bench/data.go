package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/bench/stage"
)

// The data of `task bench`.
const (
	customers  = 100
	properties = 200         // of each
	people     = 8           // of each
	first      = "BENCH0001" // the customer that is measured
	admin      = "person1@bench0001.example"
)

var dataSize = fmt.Sprintf("%d customers with %d people, %d properties and %d assignments each", customers, people, properties, 2*properties)

const dataSQL = `
insert into platform.customers (customer_id, company_name, max_users, max_properties)
select 'BENCH' || lpad(c::text, 4, '0'), 'Company ' || c, 1000, 100000
from generate_series(1, @customers) as c;

insert into portal.users (customer_id, name, email, role, status)
select 'BENCH' || lpad(c::text, 4, '0'), 'Person ' || p, 'person' || p || '@bench' || lpad(c::text, 4, '0') || '.example',
  case when p = 1 then 'Admin' else 'Contractor' end, 'active'
from generate_series(1, @customers) as c, generate_series(1, @people) as p;

insert into portal.locations (customer_id, name, address, sqft, area_manager, plow, salt, latitude, longitude)
select 'BENCH' || lpad(c::text, 4, '0'), 'Property ' || p, p || ' Long Street, Springfield, NY 14201', 1000 + p, 'Pat Doyle', true, p % 2 = 0,
  42.5 + p / 1000.0, -78.5
from generate_series(1, @properties) as p, generate_series(1, @customers) as c;

insert into portal.property_contractors (customer_id, property_id, contractor_id, is_primary)
select p.customer_id, p.id, u.id, u.n = 1
from portal.locations p
join (
  select customer_id, id, row_number() over (partition by customer_id order by id) as n
  from portal.users
  where role = 'Contractor'
) u on u.customer_id = p.customer_id and u.n <= 2;
`

// Roles that the product does not have: one that row security does not apply to, and one that may set
// the customer by itself. Both may do what portal_app may, with its settings.
const rolesSQL = `
do $$
declare
  setting text;
  name text;
begin
  foreach name in array array['bench_bypass', 'bench_usual'] loop
    execute format('create role %I login inherit in role portal_app password %L', name, 'bench');
    for setting in select unnest(rolconfig) from pg_roles where rolname = 'portal_app' loop
      -- A list of schemas is no text.
      execute format(case when setting like 'search_path=%' then 'alter role %I set %s = %s' else 'alter role %I set %s = %L' end,
        name, split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1));
    end loop;
    execute format('grant connect on database %I to %I', current_database(), name);
  end loop;
  alter role bench_bypass bypassrls;
  grant execute on function pg_catalog.set_config(text, text, boolean) to bench_usual;
end
$$;
`

// fill makes the data in an installed database.
func fill(ctx context.Context, conn *pgx.Conn) error {
	numbers := strings.NewReplacer("@customers", strconv.Itoa(customers), "@people", strconv.Itoa(people), "@properties", strconv.Itoa(properties))
	if _, err := conn.Exec(ctx, numbers.Replace(dataSQL)); err != nil {
		return err
	}
	if err := stage.LetIn(ctx, conn, admin); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, rolesSQL); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "vacuum analyze")
	return err
}
