package moving

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving"
	"contractor-portal/server/auth"
)

// full is a portal with two companies that have rows in every table.
func full(t *testing.T) *harness.Portal {
	t.Helper()
	p := harness.NewPortal(t)
	p.Populate()
	return p
}

func databaseURL(p *harness.Portal) string { return harness.Suite.Cluster.URL("", p.Database) }

// exported makes an archive of a company's rows.
func exported(t *testing.T, p *harness.Portal, company string, o moving.ExportOptions) (dir string, m moving.Manifest) {
	t.Helper()
	dir = t.TempDir()
	m, err := moving.ExportCustomer(t.Context(), databaseURL(p), company, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// cancel ends what the first company has with the portal, and erase deletes it.
func cancel(p *harness.Portal) {
	p.Exec(`update platform.customers set status = 'cancelled' where customer_id = $1`, harness.CompanyA)
}

func erase(t *testing.T, p *harness.Portal, archive string) (moving.Erased, error) {
	t.Helper()
	return moving.Erase(t.Context(), databaseURL(p), harness.CompanyA, moving.EraseOptions{
		Archive: archive, Deed: auth.Deed{Action: "customer.erased", ObjectType: "customer", ObjectID: harness.CompanyA, Detail: map[string]any{}},
	})
}

// same compares the files of two archives; the manifests differ in their time.
func same(t *testing.T, a, b string) {
	t.Helper()
	files := func(dir string) (names []string) {
		found, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			names = append(names, f.Name())
		}
		return names
	}
	if !slices.Equal(files(a), files(b)) {
		t.Fatalf("files %v and %v", files(a), files(b))
	}
	for _, name := range files(a) {
		if name == "manifest.json" {
			continue
		}
		if !bytes.Equal(read(t, a, name), read(t, b, name)) {
			t.Errorf("%s differs:\n%s\n%s", name, read(t, a, name), read(t, b, name))
		}
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// An archive has every row of its customer and none of another, of every table but those that a register names.
func TestExport_HasEachRowOfItsCustomerAndNoOther(t *testing.T) {
	t.Parallel()
	p := full(t)
	for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
		dir, m := exported(t, p, company, moving.ExportOptions{})
		seen := map[string]bool{}
		for _, f := range m.Tables {
			seen[f.Table] = true
			if want := harness.Query[int64](p, `select count(*) from `+f.Table+` where customer_id = $1`, company); f.Rows != want || want == 0 {
				t.Errorf("%s of %s: %d rows in the archive, %d in the table", f.Table, company, f.Rows, want)
			}
			if f.IDs == nil {
				continue
			}
			foreign := harness.Query[[]int64](p, `select array_agg(id) from `+f.Table+` where customer_id = $1`, other)
			for line := range bytes.Lines(read(t, dir, f.Table+".jsonl")) {
				var row struct{ ID int64 }
				if err := json.Unmarshal(line, &row); err != nil || slices.Contains(foreign, row.ID) {
					t.Errorf("%s of %s: row %s (%v)", f.Table, company, line, err)
				}
			}
		}
		rows, _ := p.Super.Query(t.Context(), `select name from tenancy.our_tables t
			where exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'customer_id') and name !~ '^jobs'`)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(all) < 40 {
			t.Fatalf("%d tables, %v", len(all), err)
		}
		for _, table := range all {
			if !seen[table] && m.LeftOut[table] == "" {
				t.Errorf("%s is not in the archive, and nothing says why", table)
			}
		}
	}
}

// Without secrets the archive has no column that is one, and says so.
func TestExport_WithoutSecretsHasNone(t *testing.T) {
	t.Parallel()
	p := full(t)
	dir, m := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	rows, _ := p.Super.Query(t.Context(), `select table_name || '.' || column_name from tenancy.secret_columns`)
	secrets, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(secrets) < 10 {
		t.Fatal(secrets, err)
	}
	for _, f := range m.Tables {
		for _, c := range f.Columns {
			if slices.Contains(secrets, f.Table+"."+c) {
				t.Errorf("%s.%s is in the archive", f.Table, c)
			}
		}
	}
	for _, left := range []string{"portal.api_keys", "platform.service_tokens", "platform.logins.password_hash"} {
		if m.LeftOut[left] == "" {
			t.Errorf("that %s is left out is not said", left)
		}
	}
	hash := harness.Query[string](p, `select max(password_hash) from platform.logins where customer_id = $1`, harness.CompanyA)
	if hash == "" || bytes.Contains(read(t, dir, "platform.logins.jsonl"), []byte(hash)) {
		t.Errorf("the hash %.10s of a password", hash)
	}
}

// What was exported and erased comes back as it was, to the byte, and the other company is as it was all the time.
func TestRestore_BringsBackWhatWasErased(t *testing.T) {
	t.Parallel()
	p := full(t)
	cancel(p)
	before, _ := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	other, _ := exported(t, p, harness.CompanyB, moving.ExportOptions{})

	gone, err := erase(t, p, before)
	if err != nil {
		t.Fatal(err)
	}
	if gone.Rows["portal.winter_ops_logs"] == 0 || gone.Rows["jobs.river_job"]+gone.Rows["portal.outbox"] == 0 || len(gone.Left) != 0 {
		t.Errorf("erased %v, left %v", gone.Rows, gone.Left)
	}
	if _, err := moving.ExportCustomer(t.Context(), databaseURL(p), harness.CompanyA, t.TempDir(), moving.ExportOptions{}); err == nil || !strings.Contains(err.Error(), "there is no customer") {
		t.Errorf("an export of nobody: %v", err)
	}
	packed := filepath.Join(t.TempDir(), "a.tar.zst")
	file, err := os.Create(packed)
	if err != nil {
		t.Fatal(err)
	}
	if err := moving.Pack(before, file); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	unpacked := t.TempDir()
	if err := moving.Unpack(file, unpacked); err != nil {
		t.Fatal(err)
	}
	same(t, before, unpacked)

	restored, err := moving.Restore(t.Context(), databaseURL(p), unpacked, moving.RestoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if restored.Renamed != 0 || len(restored.Notes) != 0 {
		t.Errorf("%d rows have another id; %v", restored.Renamed, restored.Notes)
	}
	after, _ := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	same(t, before, after)
	still, _ := exported(t, p, harness.CompanyB, moving.ExportOptions{})
	same(t, other, still)
	healthy(t, p)
}

// healthy asks the audit, counts usage anew, and looks for references to nothing.
func healthy(t *testing.T, p *harness.Portal) {
	t.Helper()
	if n := harness.Query[int](p, `select count(*) from tenancy.audit('error')`); n != 0 {
		t.Errorf("%d errors in the audit", n)
	}
	if n := harness.Query[int](p, `select count(*) from tenancy.orphans() where found`); n != 0 {
		t.Errorf("%d references to nothing", n)
	}
	wrong := harness.Query[int](p, `select count(*) from platform.customers c left join platform.usage u using (customer_id)
		where coalesce(u.properties, 0) <> (select count(*) from portal.locations l where l.customer_id = c.customer_id)
			or coalesce(u.users, 0) <> (select count(*) from portal.users s where s.customer_id = c.customer_id and s.status <> 'pending')`)
	if wrong != 0 {
		t.Errorf("usage of %d customers is miscounted", wrong)
	}
}

// namedSQL is what a company has, by names instead of ids: it is the same whatever ids there are.
const namedSQL = `
select array_agg(line order by line) from (
  select format('log %s %s %s %s', p.name, l.time_in, u.email, e.event_name) as line
  from portal.winter_ops_logs l
  join portal.locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
  left join portal.users u on (u.customer_id, u.id) = (l.customer_id, l.user_id)
  left join portal.winter_events e on (e.customer_id, e.id) = (l.customer_id, l.winter_event_id)
  where l.customer_id = $1
  union all
  select format('person %s of %s, with %s', u.email, c.email, l.role)
  from portal.users u
  join platform.logins l on (l.customer_id, l.user_id) = (u.customer_id, u.id)
  left join portal.users c on (c.customer_id, c.id) = (u.customer_id, u.contractor_id)
  where u.customer_id = $1
  union all
  select format('history %s %s %s %s', h.assignment_type, h.action, p.property_id is null, (select l.name from portal.locations l where (l.customer_id, l.id) = (p.customer_id, p.property_id)))
  from portal.assignment_history h
  left join portal.property_contractors p on (p.customer_id, p.id) = (h.customer_id, h.assignment_id) and h.assignment_type = 'property'
  where h.customer_id = $1
  union all
  select format('entry %s %s %s', a.action, u.email, a.detail)
  from platform.audit_log a
  left join portal.users u on (u.customer_id, u.id) = (a.customer_id, a.actor_user_id)
  where a.customer_id = $1
) as named`

// A copy as another customer beside the first: other ids, and everything means the same.
func TestRestore_AsAnotherCustomer(t *testing.T) {
	t.Parallel()
	const other = "CPYY44444"
	p := full(t)
	p.Exec(`update portal.users set contractor_id = (select max(id) from portal.users c where c.customer_id = users.customer_id and role = 'Contractor') where role = 'Subcontractor'`)
	p.Exec(`update platform.customers set subdomain = 'alder' where customer_id = $1`, harness.CompanyA)
	dir, m := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	restored, err := moving.Restore(t.Context(), databaseURL(p), dir, moving.RestoreOptions{As: other})
	if err != nil {
		t.Fatal(err)
	}
	if restored.Renamed == 0 || len(restored.Notes) != 1 || !strings.Contains(restored.Notes[0], "alder") {
		t.Errorf("%d rows have another id; %v", restored.Renamed, restored.Notes)
	}
	first, copied := harness.Query[[]string](p, namedSQL, harness.CompanyA), harness.Query[[]string](p, namedSQL, other)
	if !slices.Equal(first, copied) || len(first) < 20 {
		t.Errorf("the first:\n%s\nthe copy:\n%s", strings.Join(first, "\n"), strings.Join(copied, "\n"))
	}
	for _, f := range m.Tables {
		if f.IDs == nil {
			continue
		}
		if n := harness.Query[int](p, `select count(*) from (select id from `+f.Table+` group by id having count(*) > 1) as d`); n != 0 {
			t.Errorf("%d ids of %s are of two customers", n, f.Table)
		}
	}
	healthy(t, p)
	// Nobody can be restored twice, and the first is as it was.
	if _, err := moving.Restore(t.Context(), databaseURL(p), dir, moving.RestoreOptions{As: other}); err == nil || !strings.Contains(err.Error(), "is here already") {
		t.Errorf("a second time: %v", err)
	}
	again, _ := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	same(t, dir, again)
}

// Into another database, where others have the ids: it means there what it meant here. An archive of an older version, which
// does not have a column yet, gets what a new row would.
func TestRestore_IntoAnotherDatabase(t *testing.T) {
	t.Parallel()
	const other = "CPYY44444"
	here, there := full(t), full(t)
	dir, _ := exported(t, here, harness.CompanyA, moving.ExportOptions{})
	was := harness.Query[[]string](there, namedSQL, harness.CompanyA)
	older(t, dir, "portal.users", "sms_notifications_enabled")
	restored, err := moving.Restore(t.Context(), databaseURL(there), dir, moving.RestoreOptions{As: other})
	if err != nil || restored.Renamed == 0 {
		t.Fatal(restored.Renamed, err)
	}
	if first, second := harness.Query[[]string](here, namedSQL, harness.CompanyA), harness.Query[[]string](there, namedSQL, other); !slices.Equal(first, second) {
		t.Errorf("here:\n%s\nthere:\n%s", strings.Join(first, "\n"), strings.Join(second, "\n"))
	}
	if is := harness.Query[[]string](there, namedSQL, harness.CompanyA); !slices.Equal(was, is) {
		t.Error("the company that has the ids is not as it was")
	}
	if n := harness.Query[int](there, `select count(*) from portal.users where customer_id = $1 and not sms_notifications_enabled`, other); n != 0 {
		t.Errorf("%d people have not what a new one has", n)
	}
	// What comes next gets an id of its own.
	there.Exec(`insert into portal.locations (customer_id, name, address) values ($1, 'New', '1 New Street')`, other)
	healthy(t, there)
}

// older takes a column out of an archive.
func older(t *testing.T, dir, table, column string) {
	t.Helper()
	name := filepath.Join(dir, table+".jsonl")
	text := regexp.MustCompile(`"`+column+`":[a-z]+,`).ReplaceAll(read(t, dir, table+".jsonl"), nil)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var m moving.Manifest
	if err := json.Unmarshal(read(t, dir, "manifest.json"), &m); err != nil {
		t.Fatal(err)
	}
	for i := range m.Tables {
		if f := &m.Tables[i]; f.Table == table {
			f.Columns = slices.DeleteFunc(f.Columns, func(c string) bool { return c == column })
			f.Bytes, f.SHA256 = int64(len(text)), fmt.Sprintf("%x", sha256.Sum256(text))
		}
	}
	manifest, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), manifest, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every table that moves comes after those that it refers to, and what a register says is there.
func TestTables_FollowTheirReferences(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	conn := harness.ConnectAs(t, "portal_mover", database)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tables, err := moving.Tables(t.Context(), db.Adopt(tx))
	if err != nil {
		t.Fatal(err)
	}
	at, references := map[string]int{}, 0
	for i, table := range tables {
		at[table.Name] = i
	}
	for i, table := range tables {
		for _, r := range table.References {
			references++
			if j, ok := at[r.Target]; !ok || j > i || r.TargetColumn != "id" {
				t.Errorf("%s.%s refers to %s.%s, which is number %d of %d", table.Name, r.Column, r.Target, r.TargetColumn, j, i)
			}
		}
	}
	if tables[0].Name != "platform.customers" || references < 40 {
		t.Errorf("%s is first, %d references", tables[0].Name, references)
	}
	conn = harness.ConnectAs(t, "", database)
	var absent int
	err = conn.QueryRow(t.Context(), `
		select (select count(*) from tenancy.unmoved_tables u where to_regclass(u.table_name) is null)
			+ (select count(*) from tenancy.soft_references s where to_regclass(s.target) is null or not exists (
				select from pg_attribute a where a.attrelid = to_regclass(s.table_name) and a.attname = s.column_name))`).Scan(&absent)
	if err != nil || absent != 0 {
		t.Errorf("%d entries of the registers are of nothing that is there (%v)", absent, err)
	}
}
