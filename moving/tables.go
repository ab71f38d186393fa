// Package moving takes a customer out of a database and brings one in: as an archive, or row by row.
//
// It knows no table by its name: the catalogue says what there is, and two registers of the database what stays behind
// (tenancy.unmoved_tables) and what no foreign key says (tenancy.soft_references). Whatever is read or written goes through
// the wall as the one customer, by the role portal_mover: what is another customer's cannot come along, nor be touched.
package moving

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
)

// A Table holds rows of customers.
type Table struct {
	Name    string   `db:"name"`    // with its schema, portal.users
	Columns []string `db:"columns"` // what moves, and whoever asks may read
	Key     []string `db:"key"`     // the primary key without the customer
	Secrets []string `db:"-"`       // those of Columns that are secret
	Needed  []string `db:"needed"`  // columns without which there is no row
	// HasID: the rows have ids of one sequence for all customers.
	HasID bool `db:"has_id"`
	// NamesCustomer: customer_id is written, and not a default.
	NamesCustomer bool `db:"names_customer"`

	References []Reference `db:"-"`
}

// A Reference is a column that holds the id of another table's row.
type Reference struct {
	Table  string `db:"table_name" json:"table"`
	Column string `db:"column_name" json:"column"`
	Target string `db:"target" json:"target"`
	// TargetColumn is id, or what itself is a reference: identities name logins, which name users.
	TargetColumn string `db:"target_column" json:"-"`
	// Condition is an expression over the row where only some rows refer to Target.
	Condition string `db:"condition" json:"condition"`
}

const tablesSQL = `
select
  n.nspname || '.' || c.relname as name,
  array(
    select a.attname::text
    from pg_attribute a
    where a.attrelid = c.oid
      and a.attnum > 0
      and not a.attisdropped
      and a.attname <> 'customer_id'
      and has_column_privilege('portal_mover', c.oid, a.attnum, 'insert')
      and has_column_privilege(c.oid, a.attnum, 'select')
    order by a.attnum
  ) as columns,
  array(
    select a.attname::text
    from pg_index i
    cross join unnest(i.indkey::smallint[]) with ordinality as k (attnum, n)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
    where i.indrelid = c.oid
      and i.indisprimary
      and a.attname <> 'customer_id'
    order by k.n
  ) as key,
  array(
    select a.attname::text
    from pg_attribute a
    where a.attrelid = c.oid
      and a.attnum > 0
      and a.attnotnull
      and not a.atthasdef
      and a.attname <> 'customer_id'
      and has_column_privilege('portal_mover', c.oid, a.attnum, 'insert')
    order by a.attnum
  ) as needed,
  exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'id' and a.attidentity <> ''
    and has_column_privilege('portal_mover', c.oid, a.attnum, 'insert')) as has_id,
  has_column_privilege('portal_mover', c.oid, 'customer_id', 'insert') as names_customer
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('portal', 'platform')
  and c.relkind in ('r', 'p')
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'customer_id' and not a.attisdropped)
order by name`

const referencesSQL = `
select
  n.nspname || '.' || c.relname as table_name,
  a.attname::text as column_name,
  tn.nspname || '.' || tc.relname as target,
  t.attname::text as target_column,
  'true' as condition
from pg_constraint f
join pg_class c on c.oid = f.conrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_class tc on tc.oid = f.confrelid
join pg_namespace tn on tn.oid = tc.relnamespace
cross join unnest(f.conkey, f.confkey) as k (own, other)
join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.own
join pg_attribute t on t.attrelid = f.confrelid and t.attnum = k.other
where f.contype = 'f'
  and n.nspname in ('portal', 'platform')
  and a.attname <> 'customer_id'
  and a.atttypid = 'bigint'::regtype
order by table_name, column_name, target`

// registers are what the database says that no catalogue can.
type registers struct {
	Version    int32             `db:"version"`
	Unmoved    map[string]string `db:"unmoved"`
	Secrets    []string          `db:"secrets"`
	References []Reference       `db:"soft_references"`
}

const registersSQL = `select version, unmoved, secrets, soft_references from tenancy.moving()`

// Tables says what a customer's rows are in, in the order of their references: a row's targets come before it.
func Tables(ctx context.Context, tx db.Tx) ([]Table, error) {
	said, err := db.One[registers](ctx, tx, registersSQL)
	if err != nil {
		return nil, err
	}
	all, err := allTables(ctx, tx, said)
	return said.moved(all), err
}

// moved are those of some tables that move.
func (said registers) moved(tables []Table) []Table {
	return slices.DeleteFunc(slices.Clone(tables), func(t Table) bool { return said.Unmoved[t.Name] != "" })
}

// allTables are also those that do not move.
func allTables(ctx context.Context, tx db.Tx, said registers) ([]Table, error) {
	tables, err := db.All[Table](ctx, tx, tablesSQL)
	if err != nil {
		return nil, err
	}
	references, err := db.All[Reference](ctx, tx, referencesSQL)
	if err != nil {
		return nil, err
	}
	for _, r := range said.References {
		r.TargetColumn = "id"
		references = append(references, r)
	}
	for i := range tables {
		t := &tables[i]
		for _, c := range t.Columns {
			if slices.Contains(said.Secrets, t.Name+"."+c) {
				t.Secrets = append(t.Secrets, c)
			}
		}
		for _, r := range references {
			if r.Table == t.Name && slices.Contains(t.Columns, r.Column) {
				t.References = append(t.References, r)
			}
		}
	}
	if tables, err = ordered(tables); err != nil {
		return nil, err
	}
	resolve(tables)
	return tables, nil
}

// ordered puts the customers' own table first, and every other after what it refers to.
func ordered(tables []Table) ([]Table, error) {
	slices.SortStableFunc(tables, func(a, b Table) int { return boolean(b.NamesCustomer) - boolean(a.NamesCustomer) })
	var done []Table
	for len(tables) > 0 {
		i := slices.IndexFunc(tables, func(t Table) bool {
			return !slices.ContainsFunc(t.References, func(r Reference) bool {
				return r.Target != t.Name && slices.ContainsFunc(tables, func(other Table) bool { return other.Name == r.Target })
			})
		})
		if i < 0 {
			return nil, fmt.Errorf("the tables %s refer to each other in a circle", strings.Join(names(tables), ", "))
		}
		done = append(done, tables[i])
		tables = slices.Delete(tables, i, i+1)
	}
	return done, nil
}

// resolve follows references of references to the table whose ids they hold, and drops what refers to no table that moves.
func resolve(tables []Table) {
	at := map[string]*Table{}
	for i := range tables {
		t := &tables[i]
		at[t.Name] = t
		for j := range t.References {
			r := &t.References[j]
			for target := at[r.Target]; target != nil && r.TargetColumn != "id"; target = at[r.Target] {
				k := slices.IndexFunc(target.References, func(next Reference) bool { return next.Column == r.TargetColumn })
				if k < 0 {
					break
				}
				r.Target, r.TargetColumn = target.References[k].Target, target.References[k].TargetColumn
			}
		}
	}
	for i := range tables {
		t := &tables[i]
		// What belongs to the database and not to a customer stays there.
		t.Columns = slices.DeleteFunc(t.Columns, func(c string) bool {
			return slices.ContainsFunc(t.References, func(r Reference) bool { return r.Column == c && at[r.Target] == nil })
		})
		t.References = slices.DeleteFunc(t.References, func(r Reference) bool { return at[r.Target] == nil })
	}
}

func names(tables []Table) []string {
	all := make([]string, len(tables))
	for i, t := range tables {
		all[i] = t.Name
	}
	return all
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// without is the table less some columns; ok is false where no row is whole without them.
func (t Table) without(columns []string) (_ Table, ok bool) {
	t.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c string) bool { return slices.Contains(columns, c) })
	t.Secrets = slices.DeleteFunc(slices.Clone(t.Secrets), func(c string) bool { return slices.Contains(columns, c) })
	return t, len(t.Columns) > 0 && !slices.ContainsFunc(t.Needed, func(c string) bool { return !slices.Contains(t.Columns, c) })
}

// refersToItself: all rows come in one statement, since a row may name a later one.
func (t Table) refersToItself() bool {
	return slices.ContainsFunc(t.References, func(r Reference) bool { return r.Target == t.Name })
}

func (t Table) relation() db.Relation {
	schema, name, _ := strings.Cut(t.Name, ".")
	return db.Relation{Schema: schema, Name: name, Columns: t.Columns, Key: t.Key}
}

func (t Table) identifier() string {
	schema, name, _ := strings.Cut(t.Name, ".")
	return pgx.Identifier{schema, name}.Sanitize()
}

// stage is the temporary table that a table's rows arrive in.
func (t Table) stage() pgx.Identifier { return pgx.Identifier{"pg_temp", "stage " + t.Name} }
