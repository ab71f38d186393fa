package moving

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving"
	"contractor-portal/server/auth"
)

// planted are strings that stand in every place of a company where somebody may have written, and in what the platform has
// noted of it.
func planted(p *harness.Portal) (words []string) {
	plant := func(format, sql string) {
		word := fmt.Sprintf(format, len(words))
		words = append(words, word)
		p.Exec(sql, harness.CompanyA, word)
	}
	plant("Zebrawood %02d Grounds", `update platform.customers set company_name = $2 where customer_id = $1`)
	plant("office%02d@zebrawood.example", `update platform.customers set contact_email = $2 where customer_id = $1`)
	plant("Zebrawood Lane %02d", `update platform.customers set address = $2 where customer_id = $1`)
	plant("person%02d@zebrawood.example", `update portal.users set email = $2 where customer_id = $1 and role = 'Manager'`)
	plant("Zebrawood Person %02d", `update portal.users set name = $2 where customer_id = $1 and role = 'Manager'`)
	plant("+1716555%04d", `update portal.users set phone = $2 where customer_id = $1 and role = 'Manager'`)
	plant("Zebrawood Plaza %02d", `update portal.locations set name = $2 where customer_id = $1 and id = (select min(id) from portal.locations where customer_id = $1)`)
	plant("zebrawood note %02d", `update portal.locations set notes = $2 where customer_id = $1`)
	plant("zebrawood ice %02d", `update portal.winter_ops_logs set notes = $2 where customer_id = $1`)
	plant("zebrawood mulch %02d", `update portal.green_services_logs set notes = $2 where customer_id = $1`)
	plant("Zebrawood storm %02d", `update portal.winter_events set event_name = $2 where customer_id = $1`)
	plant("Zebrawood route %02d", `update portal.routes set name = $2 where customer_id = $1`)
	plant("Zebrawood list %02d", `update portal.property_lists set name = $2 where customer_id = $1`)
	plant("zebrawood text %02d", `update portal.sms_messages set message_body = $2 where customer_id = $1`)
	plant("zebrawood asks %02d", `update portal.assistant_actions set sentence = $2 where customer_id = $1`)
	plant("Zebrawood key %02d", `update platform.service_tokens set name = $2 where customer_id = $1`)
	plant("invited%02d@zebrawood.example", `update platform.invitations set email = $2 where customer_id = $1`)
	plant("zebrawood deed %02d", `insert into platform.audit_log (customer_id, action, detail) values ($1, 'planted', jsonb_build_object('note', $2::text))`)
	plant("zebrawood created %02d", `insert into platform.audit_log (customer_id, action, object_type, object_id, detail) values (null, 'customer.created', 'customer', $1, jsonb_build_object('company_name', $2::text))`)
	plant("zebrawood noted %02d", `insert into platform.audit_log (customer_id, action, detail) values (null, 'planted', jsonb_build_object('about', $1::text, 'note', $2::text))`)
	plant("zebrawood answer %02d", `insert into platform.idempotency_keys (customer_id, person, key_hash, request_hash, body) values (null, 'operator 1', sha256('1'), sha256('2'), convert_to($1::text || $2::text, 'UTF8'))`)
	plant("zebrawood job %02d", `insert into jobs.river_job (customer_id, kind, args, max_attempts) values ($1, 'drain_mail', jsonb_build_object('planted', $2::text), 1)`)
	p.Exec(`insert into platform.login_attempts (email, outcome) values ($1, 'refused')`, words[3])
	return words
}

// dumped is everything in the database, as pg_dump writes it.
func dumped(t *testing.T, p *harness.Portal) string {
	t.Helper()
	dump, err := harness.Suite.Cluster.Client(t.Context(), "", p.Database, "", "pg_dump", "--data-only")
	if err != nil {
		t.Fatal(err)
	}
	return dump
}

// found tells which of some words stand in a dump, as they are or as hexadecimal bytes.
func found(dump string, words []string) (there []string) {
	for _, w := range words {
		if strings.Contains(dump, w) || strings.Contains(dump, fmt.Sprintf("%x", w)) {
			there = append(there, w)
		}
	}
	return there
}

// Nothing of an erased customer is anywhere in the database; the other one is as it was; and that it was erased, when and
// by whom, is known.
func TestErase_LeavesNothing(t *testing.T) {
	t.Parallel()
	p := full(t)
	words := planted(p)
	other, _ := exported(t, p, harness.CompanyB, moving.ExportOptions{})
	if there := found(dumped(t, p), words); len(there) != len(words) || len(words) < 20 {
		t.Fatalf("of %d planted words only %q are in the dump", len(words), there)
	}
	cancel(p)
	e, err := erase(t, p, "")
	if err != nil {
		t.Fatal(err)
	}
	if there := found(dumped(t, p), words); len(there) > 0 {
		t.Errorf("after the erasure there are %q", there)
	}
	for _, table := range []string{"platform.audit_log", "jobs.river_job", "portal.outbox", "platform.sessions", "portal.users"} {
		if e.Rows[table] == 0 {
			t.Errorf("no row of %s was erased", table)
		}
	}
	kept := harness.Query[string](p, `select string_agg(format('%s %s %s', action, object_id, detail = '{}'), ', ' order by id) from platform.audit_log where object_id = $1`, harness.CompanyA)
	if kept != "customer.created AAAA22222 t, customer.erased AAAA22222 f" {
		t.Errorf("the platform's log has %s", kept)
	}
	still, _ := exported(t, p, harness.CompanyB, moving.ExportOptions{})
	same(t, other, still)
	p.Do("GET", "/properties/", p.Token(harness.CompanyB, auth.Admin), nil).Want(t, 200)
	p.Do("GET", "/properties/", p.Tokens[harness.Email(harness.CompanyA, auth.Admin)], nil).Want(t, 421)
	healthy(t, p)
}

// Who is not cancelled is not erased, nor is what an archive does not hold, nor what the role cannot reach: then nothing is.
func TestErase_Refuses(t *testing.T) {
	t.Parallel()
	p := full(t)
	before, _ := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	foreign, _ := exported(t, p, harness.CompanyB, moving.ExportOptions{})
	refused := func(archive, want string) {
		t.Helper()
		if _, err := erase(t, p, archive); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
		after, _ := exported(t, p, harness.CompanyA, moving.ExportOptions{})
		for _, table := range []string{"portal.users", "portal.winter_ops_logs"} {
			if string(read(t, before, table+".jsonl")) != string(read(t, after, table+".jsonl")) {
				t.Errorf("%s is not as it was", table)
			}
		}
	}
	refused(before, "only a cancelled one is erased")
	cancel(p)
	refused(foreign, "the archive is of customer BBBB33333")
	refused(t.TempDir(), "no manifest.json")
	p.Exec(`insert into portal.winter_products (customer_id, name, unit) values ($1, 'Sand', 'bags')`, harness.CompanyA)
	refused(before, "rows of portal.winter_products")
	p.Exec(`delete from portal.winter_products where name = 'Sand'`)
	// Only a superuser could make this one, beside the installer.
	p.Exec(`set tenancy.installing = 'on'; create schema aside; create table aside.notes (customer_id text, note text); insert into aside.notes values ('AAAA22222', 'x'), ('BBBB33333', 'y')`)
	refused(before, "rows are left in aside.notes; nothing was erased")
	p.Exec(`set tenancy.installing = 'on'; drop schema aside cascade`)
	if _, err := moving.Erase(t.Context(), databaseURL(p), "NOBODY999", moving.EraseOptions{}); err == nil || !strings.Contains(err.Error(), "there is no customer NOBODY999") {
		t.Error(err)
	}
	if _, err := erase(t, p, before); err != nil {
		t.Error(err)
	}
}

// An archive that is cut off, changed or something else is refused before anything is written, and says why.
func TestRestore_RefusesBrokenArchives(t *testing.T) {
	t.Parallel()
	p := full(t)
	cancel(p)
	whole, _ := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	if _, err := erase(t, p, whole); err != nil {
		t.Fatal(err)
	}
	for want, damage := range map[string]func(dir string){
		"portal.users.jsonl is missing": func(dir string) { _ = os.Remove(filepath.Join(dir, "portal.users.jsonl")) },
		"portal.users.jsonl is not what the manifest says": func(dir string) {
			text := read(t, dir, "portal.users.jsonl")
			_ = os.WriteFile(filepath.Join(dir, "portal.users.jsonl"), text[:len(text)-10], 0o600)
		},
		"it has no manifest.json":          func(dir string) { _ = os.Remove(filepath.Join(dir, "manifest.json")) },
		"manifest.json cannot be read":     func(dir string) { _ = os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{"), 0o600) },
		"is of format 2":                   func(dir string) { rewrite(t, dir, `"format": 1`, `"format": 2`) },
		"migrate it first":                 func(dir string) { rewrite(t, dir, `"schema_version": `, `"schema_version": 9`) },
		`"../portal.users", which is none`: func(dir string) { rewrite(t, dir, `"table": "portal.users"`, `"table": "../portal.users"`) },
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		damage(dir)
		if _, err := moving.Restore(t.Context(), databaseURL(p), dir, moving.RestoreOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	if n := harness.Query[int](p, `select count(*) from platform.customers where customer_id = $1`, harness.CompanyA); n != 0 {
		t.Error("a broken archive was restored")
	}
	for name, text := range map[string]string{"no archive": "hello", "nothing": ""} {
		if err := moving.Unpack(strings.NewReader(text), t.TempDir()); err == nil && text != "" {
			t.Errorf("%s was unpacked", name)
		}
	}
	if _, err := moving.Restore(t.Context(), databaseURL(p), whole, moving.RestoreOptions{}); err != nil {
		t.Error(err)
	}
}

func rewrite(t *testing.T, dir, from, to string) {
	t.Helper()
	text := string(read(t, dir, "manifest.json"))
	if !strings.Contains(text, from) {
		t.Fatalf("no %s in the manifest", from)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(strings.Replace(text, from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
