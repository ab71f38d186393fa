package moving

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving/legacy"
)

var restrict = regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)

// sumOf is one for everything in the database, sequences among it.
func sumOf(t *testing.T, p *harness.Portal) string {
	t.Helper()
	// pg_dump draws a word for each dump.
	sum := sha256.Sum256([]byte(restrict.ReplaceAllString(dumped(t, p), "")))
	return hex.EncodeToString(sum[:])
}

// A try does all and leaves nothing, no number drawn among it; and says what the import then does.
func TestLegacy_DryRun(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{harness.GenerationA, harness.Version06} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			p, m := harness.NewPortal(t), harness.NewOldPortal(t, generation)
			before := sumOf(t, p)
			tried := imported(t, p, m, func(o *legacy.Options) { o.DryRun = true })
			if after := sumOf(t, p); after != before {
				t.Error("the try has left something")
			}
			done := imported(t, p, m)
			tried.DryRun = false
			if diff := cmp.Diff(text(t, tried), text(t, done)); diff != "" {
				t.Errorf("the try said otherwise (-try +import):\n%s", diff)
			}
			if sumOf(t, p) == before {
				t.Error("the import has left nothing")
			}
		})
	}
}

func text(t *testing.T, r *legacy.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A second import of the same database changes nothing. What is new there comes in, and what people have changed here stays.
func TestLegacy_Again(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{harness.GenerationA, harness.GenerationB, harness.Version06} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			p, m := harness.NewPortal(t), harness.NewOldPortal(t, generation)
			imported(t, p, m)
			before := sumOf(t, p)
			again := imported(t, p, m)
			if after := sumOf(t, p); after != before {
				t.Error("the second import has changed something")
			}
			for _, c := range again.Customers {
				for _, table := range c.Tables {
					if table.Written != 0 || table.Unlike != 0 || table.Before+table.Refused+table.Doubled != table.Read {
						t.Errorf("%s %s: %+v", c.ID, table.Name, table)
					}
				}
			}
		})
	}
}

func TestLegacy_AddsWhatIsNew(t *testing.T) {
	t.Parallel()
	p, m := harness.NewPortal(t), harness.NewOldPortal(t, harness.GenerationB)
	imported(t, p, m)
	p.Exec(`update portal.locations set name = 'Renamed here' where customer_id = 'LEGACY001' and name = 'North Plaza'`)
	p.Exec(`delete from portal.winter_ops_logs where customer_id = 'LEGACY001' and notes = 'fine'`)
	// Somebody works here meanwhile, and there.
	p.Exec(`
insert into portal.locations (customer_id, name, address) values ('LEGACY001', 'Made here', '9 New Street')`)
	m.Run(t,
		`insert into locations (id, name, address) values (6, 'Made there', '9 new street')`,
		`insert into winter_ops_logs (id, property_id, contractor_id, time_in, time_out, bulk_salt_qty) values (9, 6, 5, '2025-11-24 05:00:00', '2025-11-24 06:00:00', 1.25)`,
		`update locations set name = 'Renamed there' where id = 3`,
		`update users set email = 'nora@old.example' where id = 7`)
	report := imported(t, p, m)
	names := harness.Query[string](p, `select string_agg(name || ' @ ' || address, '; ' order by name) from portal.locations where customer_id = 'LEGACY001' and (name like 'Made%' or name like 'Renamed%' or name like 'East%')`)
	if names != "East Plaza @ 3 East Street; Made here @ 9 New Street; Made there @ 9 new street (6); Renamed here @ 1 North Street" {
		t.Errorf("properties: %s", names)
	}
	if l := tableOf(t, report, "locations"); l.Written != 1 || l.Before != 5 || l.Unlike != 2 {
		t.Errorf("locations: %+v", l)
	}
	if l := tableOf(t, report, "winter_ops_logs"); l.Written != 1 || l.Before != 8 || l.Unlike != 1 {
		t.Errorf("logs: %+v", l)
	}
	at := harness.Query[string](p, `select p.name from portal.winter_ops_logs l join portal.locations p on p.id = l.property_id where l.bulk_salt_qty = 1.25`)
	if at != "Made there" {
		t.Errorf("the new log is at %s", at)
	}
}

// A row keeps its id where nobody has it.
func TestLegacy_IDsStay(t *testing.T) {
	t.Parallel()
	p, m := harness.NewPortal(t), harness.NewOldPortal(t, harness.GenerationB)
	m.Run(t, `insert into locations (id, name, address) values (500, 'Five Hundred', '500 Far Street')`,
		`insert into winter_ops_logs (id, property_id, time_in, time_out, bulk_salt_qty) values (700, 500, '2025-11-24 05:00:00', '2025-11-24 06:00:00', 9.75)`)
	imported(t, p, m)
	id := harness.Query[int](p, `select property_id from portal.winter_ops_logs where id = 700 and customer_id = 'LEGACY001'`)
	if id != 500 {
		t.Errorf("log 700 is at property %d", id)
	}
	if next := harness.Query[int](p, `insert into portal.locations (customer_id, name, address) values ('AAAA22222', 'Next', 'next') returning id`); next <= 500 {
		t.Errorf("the next property gets %d", next)
	}
	moved := harness.Query[int](p, `select count(*) from portal.locations where customer_id = 'LEGACY001' and id <= 6`)
	if moved != 0 {
		t.Errorf("%d properties have the ids of others", moved)
	}
}

// Hours and quantities of each property are those that MariaDB adds up.
func TestLegacy_SumsAreThoseOfTheSource(t *testing.T) {
	t.Parallel()
	p, m := harness.NewPortal(t), harness.NewOldPortal(t, harness.GenerationB)
	m.ManyLogs(t, 1000, 30_000)
	imported(t, p, m)
	rows, err := m.QueryContext(t.Context(), `
select p.name, count(*), coalesce(sum(l.bulk_salt_qty), 0), coalesce(sum(l.bag_salt_qty), 0), coalesce(sum(greatest(0, timestampdiff(second, l.time_in, l.time_out))), 0)
from winter_ops_logs l join locations p on p.id = l.property_id group by p.id order by p.name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	compared := 0
	for rows.Next() {
		var name, bulk, bags string
		var n, seconds int64
		if err := rows.Scan(&name, &n, &bulk, &bags, &seconds); err != nil {
			t.Fatal(err)
		}
		// Clocks were changed during some of the work, so real hours differ by whole ones.
		have := harness.Query[string](p, `
select format('%s %s %s %s', count(*), sum(l.bulk_salt_qty), sum(l.bag_salt_qty),
  coalesce(sum(extract(epoch from (l.time_out at time zone 'America/New_York') - (l.time_in at time zone 'America/New_York'))), 0)::bigint)
from portal.winter_ops_logs l join portal.locations p on p.id = l.property_id where l.customer_id = 'LEGACY001' and p.name = $1`, name)
		if want := fmt.Sprintf("%d %s %s %d", n, bulk, bags, seconds); have != want {
			t.Errorf("%s: %s, want %s", name, have, want)
		}
		compared++
	}
	if err := rows.Err(); err != nil || compared != 5 {
		t.Errorf("%d properties: %v", compared, err)
	}
}

// The importing process is killed again and again: a customer is there as a whole or not at all, and the repeat completes it.
func TestLegacy_Killed(t *testing.T) {
	t.Parallel()
	kills := kills()
	m := harness.NewOldPortal(t, harness.Version06)
	m.ManyLogs(t, 1000, 5000)
	m.Run(t, `update winter_ops_logs set customer_id = 'LEGACY001' where customer_id is null`)
	whole := harness.NewPortal(t)
	began := time.Now()
	if out, err := command(t, whole, m).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took, want := time.Since(began), counts(whole)
	p := harness.NewPortal(t)
	for i := range kills {
		cmd := command(t, p, m)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Spread over the time that it takes.
		time.Sleep(took * time.Duration(2*i+1) / time.Duration(2*kills))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		for customer, n := range counts(p) {
			if n != want[customer] {
				t.Errorf("after kill %d %s has %d rows, want %d or none", i+1, customer, n, want[customer])
			}
		}
	}
	if out, err := command(t, p, m).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := cmp.Diff(want, counts(p)); diff != "" {
		t.Errorf("after %d kills and a repeat (-want +have):\n%s", kills, diff)
	}
}

func command(t *testing.T, p *harness.Portal, m harness.MariaDB) *exec.Cmd {
	t.Helper()
	return harness.Program(t, []string{"DATABASE_URL=" + databaseURL(p), "PORTAL_IMPORT_FROM=" + m.DSN},
		"import", "mysql", "--back-door", harness.OldPortalDoor, "--data", t.TempDir())
}

// counts are how many rows each customer has that was imported.
func counts(p *harness.Portal) map[string]int {
	p.T.Helper()
	var all map[string]int
	if err := p.Super.QueryRow(p.T.Context(), `
select coalesce(jsonb_object_agg(c.customer_id, (select count(*) from portal.winter_ops_logs l where l.customer_id = c.customer_id)
  + (select count(*) from portal.users u where u.customer_id = c.customer_id) + (select count(*) from platform.logins u where u.customer_id = c.customer_id)
  + (select count(*) from portal.imported_rows u where u.customer_id = c.customer_id)
  + (select count(*) from portal.locations u where u.customer_id = c.customer_id)), '{}')
from platform.customers c
where c.customer_id not in ('AAAA22222', 'BBBB33333')`).Scan(&all); err != nil {
		p.T.Fatal(err)
	}
	return all
}

// A source that breaks off in the middle leaves nothing of the customer.
func TestLegacy_SourceBreaksOff(t *testing.T) {
	t.Parallel()
	p, m := harness.NewPortal(t), harness.NewOldPortal(t, harness.GenerationB)
	m.ManyLogs(t, 1000, 20_000)
	o := options(t, p, m)
	o.From = strings.Replace(o.From, m.Address, breaking(t, m.Address, 500_000), 1)
	before := sumOf(t, p)
	_, err := legacy.Import(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "winter_ops_logs") {
		t.Errorf("the import ends with %v", err)
	}
	if n := len(counts(p)); n != 0 {
		t.Errorf("%d customers are there", n)
	}
	imported(t, p, m)
	if sumOf(t, p) == before || counts(p)["LEGACY001"] < 20_000 {
		t.Errorf("the repeat has brought %v", counts(p))
	}
}

// breaking stands before an address, and breaks off after so many bytes of its answers.
func breaking(t *testing.T, address string, after int64) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := (&net.Dialer{}).DialContext(context.WithoutCancel(t.Context()), "tcp", address)
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(far, near) }()
			go func() {
				_, _ = io.CopyN(near, far, after)
				_, _ = near.Close(), far.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// What does not work is said in one sentence, without the password.
func TestLegacy_ErrorsAreSentences(t *testing.T) {
	t.Parallel()
	p, m, empty := harness.NewPortal(t), harness.NewOldPortal(t, harness.GenerationA), harness.NewMariaDB(t)
	for name, c := range map[string]struct{ from, want string }{
		"password": {strings.Replace(m.DSN, harness.MariaDBPassword, "wrong-password", 1), "the name or the password is wrong"},
		"host":     {strings.Replace(m.DSN, m.Address, "no-such-host.invalid:3306", 1), "there is no host no-such-host.invalid"},
		"port":     {strings.Replace(m.DSN, m.Address, "127.0.0.1:1", 1), "nothing answers at 127.0.0.1:1"},
		"database": {strings.Replace(m.DSN, m.Name, "nowhere", 1), "nowhere"},
		"empty":    {empty.DSN, "it is none of a contractor portal"},
		"form":     {"mysql://wrong-password@host/name", "expected user:password@tcp(host:3306)/database"},
		"nothing":  {strings.Replace(m.DSN, m.Name, "", 1), "names no database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, p, m)
			o.From = c.from
			_, err := legacy.Import(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "wrong-password") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want one that says %q", err, c.want)
			}
		})
	}
}
