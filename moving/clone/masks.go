package clone

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
)

// What a column holds decides what becomes of it where no rule names it.
const (
	plain  = "plain"  // numbers, times, booleans, uuids
	texts  = "text"   // strings of any type
	lists  = "texts"  // arrays of them
	binary = "binary" // bytea
	jsons  = "json"   // both kinds of it
)

// Domains count as what they are made of. Of what is none of these nothing is taken along.
const kindsSQL = `
select
  n.nspname || '.' || c.relname || '.' || a.attname as name,
  case
    when b.typcategory in ('N', 'B', 'D', 'T') or b.oid = 'uuid'::regtype then 'plain'
    when b.typcategory = 'S' then 'text'
    when b.oid = 'bytea'::regtype then 'binary'
    when b.oid in ('json'::regtype, 'jsonb'::regtype) then 'json'
    when e.typcategory = 'S' then 'texts'
    when e.typcategory in ('N', 'B', 'D', 'T') then 'plain'
    else 'other'
  end as kind
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
join pg_type b on b.oid = case t.typtype when 'd' then t.typbasetype else t.oid end
left join pg_type e on e.oid = b.typelem and b.typcategory = 'A'
where n.nspname in ('portal', 'platform') and c.relkind in ('r', 'p')`

type columnKind struct {
	Name string `db:"name"`
	Kind string `db:"kind"`
}

// masks change rows on their way out of the source.
type masks struct {
	asIs  bool
	kinds map[string]string
	faker faker
}

func newMasks(ctx context.Context, source pgx.Tx, o Options) (*masks, error) {
	m := &masks{asIs: o.AsIs, kinds: map[string]string{}, faker: faker(o.Seed)}
	if len(m.faker) == 0 {
		m.faker = faker(rand.Text() + rand.Text())
	}
	kinds, err := db.All[columnKind](ctx, db.Adopt(source), kindsSQL)
	for _, k := range kinds {
		m.kinds[k.Name] = k.Kind
	}
	return m, err
}

// change is for moving.ExportOptions.
func (m *masks) change(table string, row map[string]any) error {
	for column, value := range row {
		name := table + "." + column
		if v, ok := settled[name]; ok {
			row[column] = v
			continue
		}
		if m.asIs || value == nil || kept[name] != "" {
			continue
		}
		row[column] = m.masked(name, value, row)
	}
	return nil
}

// masked is what becomes of a value; what no rule names and is no number or time becomes something of its like.
func (m *masks) masked(name string, value any, row map[string]any) any {
	if mask := replaced[name]; mask != nil {
		return mask(m.faker, value, row)
	}
	text, isText := value.(string)
	switch kind := m.kinds[name]; {
	case kind == plain:
		return value
	case kind == texts && isText:
		return m.faker.like(text)
	case kind == binary && isText:
		return m.faker.bytes(text)
	case kind == lists:
		return m.faker.each(value)
	case kind == jsons:
		return empty(value)
	}
	return nil
}

// empty is JSON of the same kind that says nothing: keys may be somebody's data, too.
func empty(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return map[string]any{}
	case []any:
		return []any{}
	case string:
		return ""
	case json.Number:
		return 0
	default:
		return v // true or false
	}
}
