package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A database is what stands in it, as of one moment.
type database struct {
	Tables   []table
	Policies []policy
	Roles    []role
	Reach    []reach
	Facts    []fact
}

// A table is one of ours, and what stands around it.
type table struct {
	Name    string `json:"table_name"`
	Wall    string `json:"wall"`
	Doors   string `json:"doors"`
	Grants  string `json:"grants"`
	Verdict string `json:"verdict"` // walled, or the lints that find an error
}

// A policy is one that stands or should stand. Its sums are of its whole definition, here and as the program has it.
type policy struct {
	Table      string `json:"table_name"`
	Name       string `json:"name"`
	Installed  string `json:"installed"` // its definition; "" where it is missing
	Program    string `json:"program"`   // "" where the program has none of the name
	Difference string `json:"difference"`
	Sum        string `json:"installed_sha256" db:"-"`
	ProgramSum string `json:"program_sha256" db:"-"`
}

// A role is one of the database's, and what of the walls it could pass.
type role struct {
	Name     string `json:"role"`
	LogsIn   bool   `json:"logs_in"`
	Bypasses string `json:"bypasses"` // why the walls do not hold it, or how it could take them down; usually ""
	Member   string `json:"member_of"`
	Purpose  string `json:"purpose"`
}

// A reach is how a role comes to the rows of a table, or to a secret. Held: row security holds it there, whichever path it takes.
type reach struct {
	Role    string `json:"role"`
	Object  string `json:"object"`
	Access  string `json:"access"`
	Paths   int    `json:"paths"`
	Path    string `json:"path"` // one of them, if possible one that nothing holds
	Held    bool   `json:"held"`
	Certain bool   `json:"certain"` // false: by a function of whose body PostgreSQL knows nothing
}

// A fact is a line of the posture.
type fact struct {
	Kind   string `json:"kind"`
	Object string `json:"object"`
	Fact   string `json:"fact"`
}

const headSQL = `
select current_database(), split_part(current_setting('server_version'), ' ', 1), (select schema_version from tenancy.state()), tenancy.posture_hash()`

const tablesSQL = `
select table_name, wall, coalesce(doors, ''), coalesce(grants, ''), verdict
from tenancy.posture
order by table_name`

// A definition is one text on both sides.
const policiesSQL = `
with defined as (
  select have.table_name, have.name, true as stands, have.permissive, have.command, have.roles, have.using_expr, have.check_expr
  from tenancy.standing_policies have
  union all
  select want.table_name, want.name, false, want.permissive, want.command, want.roles, want.using_expr, want.check_expr
  from tenancy.wanted_policies want
),
texts as (
  select d.table_name, d.name, d.stands,
    format('%s for %s to %s using %s check %s', case when d.permissive then 'permissive' else 'restrictive' end, d.command,
      array_to_string(d.roles, ', '), coalesce(d.using_expr, 'nothing'), coalesce(d.check_expr, 'nothing')) as definition
  from defined d
)
select t.table_name, t.name,
  coalesce(min(t.definition) filter (where t.stands), ''), coalesce(min(t.definition) filter (where not t.stands), ''), coalesce(min(d.difference), '')
from texts t
left join tenancy.policy_differences d on (d.table_name, d.name) = (t.table_name, t.name)
group by t.table_name, t.name
order by t.table_name, t.name`

const rolesSQL = `
select r.rolname, r.rolcanlogin,
  coalesce((select string_agg(b.reason, '; ' order by b.reason) from tenancy.who_can_bypass b where b.role = r.rolname), ''),
  coalesce((select string_agg(g.rolname, ', ' order by g.rolname) from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid), ''),
  coalesce(shobj_description(r.oid, 'pg_authid'), '')
from pg_roles r
where r.rolname !~ '^pg_'
order by r.rolname ~ '^portal_' desc, r.rolname`

const reachSQL = `
select r.role, r.object, string_agg(distinct r.access, ', '), count(*),
  coalesce(min(r.path) filter (where not r.held), min(r.path)), bool_and(r.held), bool_and(r.certain)
from tenancy.reach r
group by r.role, r.object
order by r.role, bool_and(r.held), r.object`

const factsSQL = `
select kind, object, fact
from tenancy.posture_facts('{role,schema,table,policy,grant,key,trigger,view,function,gate}')
order by kind, object, fact`

// Row security would make it a count of nothing.
const countableSQL = `
select exists (
  select
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where (n.nspname, c.relname) = ('platform', 'customers')
    and has_schema_privilege(n.oid, 'usage')
    and has_table_privilege(c.oid, 'select')
    and not row_security_active(c.oid))`

const customersSQL = `select status, count(*) from platform.customers group by status`

func (e *evidence) ask(ctx context.Context, tx pgx.Tx) (err error) {
	s, d := &e.Summary, &e.Database
	if err := tx.QueryRow(ctx, headSQL).Scan(&s.Database, &s.PostgreSQL, &s.SchemaVersion, &s.Posture); err != nil {
		return fmt.Errorf("this is no database of the portal, or its reader may not read schema tenancy: %w", err)
	}
	if d.Tables, err = all[table](ctx, tx, tablesSQL); err != nil {
		return err
	}
	if d.Policies, err = all[policy](ctx, tx, policiesSQL); err != nil {
		return err
	}
	for i := range d.Policies {
		p := &d.Policies[i]
		p.Sum, p.ProgramSum = sum(p.Installed), sum(p.Program)
	}
	if d.Roles, err = all[role](ctx, tx, rolesSQL); err != nil {
		return err
	}
	if d.Reach, err = all[reach](ctx, tx, reachSQL); err != nil {
		return err
	}
	if d.Facts, err = all[fact](ctx, tx, factsSQL); err != nil {
		return err
	}
	return s.countCustomers(ctx, tx)
}

func (s *Summary) countCustomers(ctx context.Context, tx pgx.Tx) error {
	var countable bool
	if err := tx.QueryRow(ctx, countableSQL).Scan(&countable); err != nil || !countable {
		return err
	}
	rows, _ := tx.Query(ctx, customersSQL)
	s.Customers = map[string]int{}
	var status string
	var n int
	_, err := pgx.ForEachRow(rows, []any{&status, &n}, func() error { s.Customers[status] = n; return nil })
	return err
}

func all[T any](ctx context.Context, tx pgx.Tx, sql string) ([]T, error) {
	rows, _ := tx.Query(ctx, sql)
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// sum is the SHA-256 of a definition, or "" of none.
func sum(definition string) string {
	if definition == "" {
		return ""
	}
	s := sha256.Sum256([]byte(definition))
	return hex.EncodeToString(s[:])
}
