package database

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A lab plans statements in a database where each customer is one of many.
type lab struct {
	t       *testing.T
	p       *harness.Portal
	conns   map[string]*pgx.Conn // by role
	entry   harness.Entry
	big     map[string]bool  // tables, by schema and name
	small   []string         // the others
	indexes map[string]index // by name
}

// An index is of a table, by schema and name, and begins with a column.
type index struct{ Name, Table, Leads string }

// runAll runs the statements of a text, one after the other.
func runAll(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// copiesSQL are the statements that give other customers what company A has in each table, until it holds so
// many rows; where many fit on a page there are fewer to one. Numbers and addresses differ between the copies
// as they do between customers, and so do the values of keys: the copies are valid.
const copiesSQL = `
select format(
  'alter table %1$s set (fillfactor = 10);
  insert into %1$s (%2$s) overriding system value
  select %3$s from %1$s, generate_series(1, %4$s / (select greatest(1, count(*)) from %1$s where customer_id = %5$L)) as n
  where customer_id = %5$L',
  c.oid::regclass, string_agg(quote_ident(a.attname), ', ' order by a.attnum),
  string_agg(format(
    case
      when a.attname = 'customer_id' then '''P'' || lpad(n::text, 7, ''0'')'
      when a.attname in ('email', 'subject') then 'n || ''.'' || %I'
      when a.atttypid = 'bigint'::regtype and (a.attidentity <> '' or k.refers) then '%I + n * 1000000'
      when a.atttypid = 'bytea'::regtype and a.attname like '%_hash' then 'sha256(%I || n::text::bytea)'
      when a.atttypid = 'uuid'::regtype and k.alone then 'gen_random_uuid()'
      when a.atttypid = 'text'::regtype and k.alone then '%I || n'
      else '%I'
    end, a.attname), ', ' order by a.attnum),
  @rows::int, @company::text)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
cross join lateral (
  select coalesce(bool_or(k.contype = 'f'), false) as refers, coalesce(bool_or(k.contype in ('p', 'u') and k.conkey = array[a.attnum]), false) as alone
  from pg_constraint k
  where k.conrelid = c.oid and a.attnum = any (k.conkey)
) as k
where c.relkind = 'r' and c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace)
  and c.oid <> 'platform.receiving_numbers'::regclass
  and exists (select from pg_attribute k where k.attrelid = c.oid and k.attname = 'customer_id')
group by c.oid`

// crowded gives every table so many rows, of ever more customers.
func crowded(t *testing.T, p *harness.Portal, rows int) *lab {
	t.Helper()
	l := &lab{t: t, p: p, conns: map[string]*pgx.Conn{}, entry: harness.NewMember(t, p.Super, harness.CompanyA, auth.Admin), big: map[string]bool{}}
	copies, _ := p.Super.Query(t.Context(), copiesSQL, pgx.StrictNamedArgs{"rows": rows, "company": harness.CompanyA})
	scripts, err := pgx.CollectRows(copies, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	// As a replica it asks no trigger and no reference.
	super := harness.ConnectAs(t, "", p.Database)
	runAll(t, super, "set session_replication_role = replica; set tenancy.installing = on")
	for _, script := range scripts {
		runAll(t, super, script)
	}
	runAll(t, super, fmt.Sprintf(`
		alter table platform.login_attempts set (fillfactor = 10);
		insert into platform.login_attempts (email, address, outcome)
		select n || '@a.example', '192.0.2.1', 'refused' from generate_series(1, %d) as n;
		analyze`, rows))

	sizes, _ := p.Super.Query(t.Context(), `
		select oid::regclass::text, relpages > $1 from pg_class
		where relnamespace in ('portal'::regnamespace, 'platform'::regnamespace) and relkind = 'r'`, bigTable)
	var name string
	var big bool
	if _, err := pgx.ForEachRow(sizes, []any{&name, &big}, func() error {
		if big {
			l.big[name] = true
		} else {
			l.small = append(l.small, name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	l.index()
	return l
}

// index learns which indexes there are.
func (l *lab) index() {
	l.t.Helper()
	rows, _ := l.p.Super.Query(l.t.Context(), `
		select c.relname as name, i.indrelid::regclass::text as "table", coalesce(a.attname, '') as leads
		from pg_index i
		join pg_class c on c.oid = i.indexrelid
		left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
		where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace)`)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[index])
	if err != nil {
		l.t.Fatal(err)
	}
	l.indexes = map[string]index{}
	for _, i := range all {
		l.indexes[i.Name] = i
	}
}

func (l *lab) conn(role string) *pgx.Conn {
	if l.conns[role] == nil {
		l.conns[role] = harness.ConnectAs(l.t, role, l.p.Database)
	}
	return l.conns[role]
}
