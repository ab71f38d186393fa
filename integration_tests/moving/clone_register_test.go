package moving

import (
	"slices"
	"strings"
	"testing"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving"
	"contractor-portal/moving/clone"
	"contractor-portal/schema"
)

// With --as-is people are who they are, and keys stay behind all the same.
func TestClone_AsIs(t *testing.T) {
	t.Parallel()
	p := full(t)
	store(p)
	keys := keysOf(p)
	c := cloned(t, p, clone.Options{AsIs: true, Customers: []string{harness.CompanyA}})
	dump := dumped(t, c)
	if there := found(dump, append(keys, "hooks.zebrawood")); len(there) > 0 {
		t.Errorf("in the clone: %v", there)
	}
	const peopleSQL = `select string_agg(concat_ws(' ', name, email, phone, address), ', ' order by id) from portal.users where customer_id = $1`
	if a, b := harness.Query[string](p, peopleSQL, harness.CompanyA), harness.Query[string](c, peopleSQL, harness.CompanyA); a != b || a == "" {
		t.Errorf("people were %s, and are %s", a, b)
	}
	if strings.Contains(dump, harness.CompanyB) || strings.Contains(dump, "@b.example") {
		t.Error("another customer came along")
	}
	c.Login(harness.Email(harness.CompanyA, "User"), "").Want(t, 200)
}

// A column that somebody adds later is not in the register, and what is in it is not in a clone: texts, JSON, bytes, arrays
// and what the program does not know.
func TestClone_ColumnsThatNobodyNamed(t *testing.T) {
	t.Parallel()
	p, to := full(t), installed(t)
	at := harness.Suite.Cluster.URL("", to)
	columns := `
		create domain portal.nickname as text check (length(value) < 50);
		alter table portal.locations
			add column gate_code text check (gate_code ~ '^[A-Z]{2}-[0-9]{4}$' and char_length(gate_code) < 100),
			add column owner portal.nickname check (char_length(owner) < 100),
			add column told jsonb check (pg_column_size(told) < 1000),
			add column photo bytea check (octet_length(photo) < 1000),
			add column people text[] check (cardinality(people) < 10),
			add column router inet,
			add column visits int`
	for _, url := range []string{databaseURL(p), at} {
		if err := harness.Execute(t.Context(), url, `begin; set local tenancy.installing = 'on';`+columns+`; commit`); err != nil {
			t.Fatal(err)
		}
		o := harness.Options(harness.Suite.Cluster, "")
		o.URL, o.Roles = url, nil
		if err := install.Up(t.Context(), schema.Source(), o); err != nil { // grants
			t.Fatal(err)
		}
	}
	p.Exec(`update portal.locations set gate_code = 'QX-4711', owner = 'Zebrawood Owner', told = '{"zebrawood told": ["zebrawood json"]}',
		photo = 'zebrawood photo', people = '{zebrawood one,zebrawood two}', router = '192.0.2.77', visits = 7`)
	words := []string{"QX-4711", "Zebrawood Owner", "zebrawood told", "zebrawood json", "zebrawood photo", "zebrawood one", "zebrawood two", "192.0.2.77"}
	if missing := absent(dumped(t, p), words); len(missing) > 0 {
		t.Fatalf("not in the source: %v", missing)
	}
	c := cloned(t, p, clone.Options{To: to})
	if there := found(dumped(t, c), words); len(there) > 0 {
		t.Errorf("in the clone: %v", there)
	}
	const likeSQL = `select count(*) from portal.locations where char_length(owner) = 15 and told = '{}' and octet_length(photo) = 15
		and cardinality(people) = 2 and gate_code <> '' and router is null and visits = 7`
	if n, all := harness.Query[int](c, likeSQL), harness.Query[int](p, `select count(*) from portal.locations`); n != all {
		t.Errorf("%d of %d rows have something of its like", n, all)
	}
}

// A seed makes the same fakes again, and another one others.
func TestClone_Seed(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	const peopleSQL = `select string_agg(name || email, ',' order by id) from portal.users`
	var of []string
	for _, seed := range []string{"one", "one", ""} {
		of = append(of, harness.Query[string](cloned(t, p, clone.Options{Seed: seed}), peopleSQL))
	}
	if of[0] != of[1] || of[0] == of[2] {
		t.Errorf("people are %q", of)
	}
}

// Even where no customer of it would be overwritten, a database is not cloned into itself.
func TestClone_RefusesItself(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	_, err := clone.Run(t.Context(), clone.Options{From: databaseURL(p), To: databaseURL(p), NewOnly: true})
	if err == nil || err.Error() != "both URLs lead to the same database" {
		t.Errorf("into itself: %v", err)
	}
}

// A clone never goes where it could do harm, and says why.
func TestClone_Refuses(t *testing.T) {
	t.Parallel()
	p := full(t)
	refused := func(want, to string, args ...string) {
		t.Helper()
		if out, err := runClone(t, p, to, args...); err == nil || !strings.Contains(out, want) {
			t.Errorf("%v: %v: %s; want %q", args, err, out, want)
		}
	}
	before := harness.TakeSnapshot(t, p)
	refused("both URLs lead to the same database", p.Database)
	to := installed(t)
	refused("there is no customer CCCC44444", to, "--customer", "CCCC44444")
	if out, err := runClone(t, p, to, "--customer", harness.CompanyA); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := harness.NewPortal(t, func(s *harness.Settings) { s.Database = to })
	has := harness.TakeSnapshot(t, c)
	refused("not overwritten: "+harness.CompanyA, to)
	if changed, err := has.Changes(t.Context()); err != nil || len(changed) > 0 {
		t.Errorf("a refused clone has written to %v, %v", changed, err)
	}
	if out, err := runClone(t, p, to, "--new-only"); err != nil || strings.Contains(out, "customer "+harness.CompanyA) || !strings.Contains(out, "customer "+harness.CompanyB) {
		t.Errorf("the rest: %v: %s", err, out)
	}
	if out, err := runClone(t, p, to, "--new-only"); err != nil || !strings.Contains(out, "no customer was to be copied") {
		t.Errorf("nothing more: %v: %s", err, out)
	}
	p.Exec(`delete from platform.audit_log where action = 'customer.cloned'`)
	if changed, err := before.Changes(t.Context()); err != nil || len(changed) > 0 {
		t.Errorf("the source has changed: %v, %v", changed, err)
	}
}

// The register names columns that are there and move; each that is kept as one of the words of a constraint has one; and
// whatever else is kept is text.
func TestClone_RegisterIsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	_, m := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	var moved []string
	for _, f := range m.Tables {
		for _, c := range f.Columns {
			moved = append(moved, f.Table+"."+c)
		}
	}
	for _, name := range clone.Named() {
		if !slices.Contains(moved, name) {
			t.Errorf("%s is in the register, and does not move", name)
		}
	}
	for name, reason := range clone.Kept() {
		if reason == "" {
			t.Errorf("%s is kept without a reason", name)
		}
		at := strings.LastIndex(name, ".")
		lists := harness.Query[bool](p, `select exists (select from pg_constraint where conrelid = $1::text::regclass and contype = 'c' and pg_get_constraintdef(oid) ~ ('\(' || $2 || ' = ANY '))`, name[:at], name[at+1:])
		follows := strings.HasPrefix(name, "platform.logins.") // a foreign key holds them equal to the people's
		if word := strings.HasPrefix(reason, "one of the words"); word != lists && !follows {
			t.Errorf("%s is kept as %q; a constraint lists its words: %t", name, reason, lists)
		}
	}
	if len(clone.Kept()) < 20 || len(clone.Named()) < 60 {
		t.Errorf("%d columns are kept, of %d that are named", len(clone.Kept()), len(clone.Named()))
	}
}
