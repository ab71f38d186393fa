package harness

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// A Table is what the catalogue says of one, and what a role may do with it. Tests that are generated
// from it cover a new table without a line of their own.
type Table struct {
	Name       string // with its schema
	Columns    []Column
	Key        []string // the primary key beside customer_id
	References []Reference
	Rules      map[string]Rule // checks and unique indexes by name
	Commands   map[string]bool // select, insert, update, delete: on the table or on a column
}

// A Column is what the catalogue says of one.
type Column struct {
	Name, Type              string
	Required                bool // not null, and nothing fills it in
	Reads, Inserts, Updates bool // the role's privileges
}

// A Reference is a foreign key to a table of customers' rows, without the pair of customer_ids.
type Reference struct {
	Name, Parent  string
	Columns       []string
	ParentColumns []string `json:"parent_columns"`
}

// A Rule is what refuses a row for the values of some columns.
type Rule struct {
	Columns    []string // without customer_id
	Definition string
	Unique     bool
	Plain      bool // unique by plain columns: on conflict can name them
	Inferable  bool // by customer_id too
}

const catalogueSQL = `
select coalesce(json_agg(t), '[]') from (
  select c.oid::regclass::text as name,
    (
      select json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, null),
        'required', a.attnotnull and not a.atthasdef and a.attidentity = '',
        'reads', has_column_privilege($1, c.oid, a.attnum, 'select'),
        'inserts', a.attidentity = '' and has_column_privilege($1, c.oid, a.attnum, 'insert'),
        'updates', has_column_privilege($1, c.oid, a.attnum, 'update')) order by a.attnum)
      from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and a.attgenerated = '' -- nobody writes those, and they show nothing that the others do not
    ) as columns,
    (
      select json_agg(a.attname order by a.attnum)
      from pg_constraint k
      join pg_attribute a on a.attrelid = c.oid and a.attnum = any (k.conkey) and a.attname <> 'customer_id'
      where k.conrelid = c.oid and k.contype = 'p'
    ) as key,
    (
      select json_agg(json_build_object('name', k.conname, 'parent', k.confrelid::regclass::text,
        'columns', pairs.child, 'parent_columns', pairs.parent) order by k.conname)
      from pg_constraint k
      cross join lateral (
        select json_agg(ca.attname order by o.n) as child, json_agg(pa.attname order by o.n) as parent
        from unnest(k.conkey, k.confkey) with ordinality as o (child, parent, n)
        join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = o.child and ca.attname <> 'customer_id'
        join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = o.parent
      ) as pairs
      where k.conrelid = c.oid and k.contype = 'f' and pairs.child is not null
        and exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'customer_id')
    ) as references,
    (
      select json_object_agg(r.name, json_build_object('columns', r.columns, 'definition', r.definition, 'unique', r.is_unique, 'plain', r.plain, 'inferable', r.inferable))
      from (
        select k.conname as name, pg_get_constraintdef(k.oid) as definition, false as is_unique, false as plain, false as inferable,
          (select json_agg(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum = any (k.conkey) and a.attname <> 'customer_id') as columns
        from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'c'
        union all
        select x.relname, pg_get_indexdef(i.indexrelid), true, i.indpred is null and i.indexprs is null,
          i.indpred is null and i.indexprs is null and exists (
            select from pg_attribute a where a.attrelid = c.oid and a.attname = 'customer_id' and a.attnum = any (i.indkey)), (
          select json_agg(a.attname)
          from pg_attribute a
          where a.attrelid = c.oid and a.attname <> 'customer_id'
            and (a.attnum = any (i.indkey) or exists (
              select from pg_depend d
              where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refobjid = c.oid and d.refobjsubid = a.attnum)))
        from pg_index i
        join pg_class x on x.oid = i.indexrelid
        where i.indrelid = c.oid and i.indisunique
      ) as r
    ) as rules,
    (
      select json_object_agg(p, has_table_privilege($1, c.oid, p) or p <> 'delete' and has_any_column_privilege($1, c.oid, p))
      from unnest(array['select', 'insert', 'update', 'delete']) as p
    ) as commands
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p')
    and (n.nspname = 'portal' or n.nspname = 'platform' and exists (
      select from pg_policy p where p.polrelid = c.oid and $2::regrole = any (p.polroles)))
) as t`

// Tables are all of schema portal, and those of schema platform that the role has a door to, parents
// before their children.
func Tables(t *testing.T, super querier, role string) []Table {
	t.Helper()
	return Catalogue(t, super, role, role)
}

// Catalogue is Tables with the privileges of another role.
func Catalogue(t testing.TB, super querier, doorsOf, privilegesOf string) (all []Table) {
	t.Helper()
	var text []byte
	if err := super.QueryRow(t.Context(), catalogueSQL, privilegesOf, doorsOf).Scan(&text); err != nil {
		t.Fatal(err)
	}
	var found []Table
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(found, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	for len(found) > 0 {
		next := slices.IndexFunc(found, func(child Table) bool {
			return !slices.ContainsFunc(child.References, func(r Reference) bool {
				return r.Parent != child.Name && slices.ContainsFunc(found, func(p Table) bool { return p.Name == r.Parent })
			})
		})
		if next < 0 {
			t.Fatalf("tables that refer to each other in a circle, %s among them", found[0].Name)
		}
		all = append(all, found[next])
		found = slices.Delete(found, next, next+1)
	}
	return all
}

// Names are those of the columns that fit.
func (t Table) Names(fits func(Column) bool) (names []string) {
	for _, c := range t.Columns {
		if fits(c) {
			names = append(names, c.Name)
		}
	}
	return names
}

// Column is the one of that name.
func (t Table) Column(name string) Column {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	return t.Columns[i]
}

// Plain is a column that the role may change and that no key or reference needs; any of those it may
// change where there is none.
func (t Table) Plain() string {
	changed := t.Names(func(c Column) bool { return c.Updates && c.Name != "customer_id" })
	for _, name := range changed {
		used := slices.Contains(t.Key, name) || t.Column(name).Type == "boolean"
		for _, r := range t.References {
			used = used || slices.Contains(r.Columns, name)
		}
		for _, r := range t.Rules {
			used = used || r.Unique && slices.Contains(r.Columns, name)
		}
		if !used {
			return name
		}
	}
	if len(changed) == 0 {
		return ""
	}
	return changed[0]
}
