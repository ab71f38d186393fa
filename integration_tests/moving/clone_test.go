package moving

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving/clone"
	"contractor-portal/schema"
	"contractor-portal/server/auth"
)

// empty is a database of the shared cluster with nothing in it.
func empty(t *testing.T) (name string) {
	t.Helper()
	name = harness.UniqueName("clone")
	if err := harness.Execute(t.Context(), harness.Suite.Cluster.URL("", "postgres"), "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := harness.Execute(ctx, harness.Suite.Cluster.URL("", "postgres"), "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	return name
}

// installed is a database with the newest schema and no customer.
func installed(t *testing.T) (name string) {
	t.Helper()
	name = empty(t)
	if err := install.Up(t.Context(), schema.Source(), harness.Options(harness.Suite.Cluster, name)); err != nil {
		t.Fatal(err)
	}
	return name
}

// runClone runs the command, with the password of all.
func runClone(t *testing.T, from *harness.Portal, to string, args ...string) (out string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(harness.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	variables := []string{"PORTAL_CLONE_FROM=" + databaseURL(from), "PORTAL_CLONE_TO=" + harness.Suite.Cluster.URL("", to)}
	return harness.CommandWith(t, variables, append([]string{"clone", "--password-file", file}, args...)...)
}

// cloned is a portal on a clone of another.
func cloned(t *testing.T, from *harness.Portal, o clone.Options) *harness.Portal {
	t.Helper()
	if o.To == "" {
		o.To = installed(t)
	}
	chosen, err := auth.HashPassword(t.Context(), harness.Password)
	if err != nil {
		t.Fatal(err)
	}
	to := o.To
	o.From, o.To, o.PasswordHash, o.Say = databaseURL(from), harness.Suite.Cluster.URL("", to), chosen.Hash, func(string) {}
	o.Deed = func(string, int64) *auth.Deed { return nil }
	if _, err := clone.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return harness.NewPortal(t, func(s *harness.Settings) { s.Database = to })
}

// keysOf plants what lets a server reach other companies, or somebody in, and returns how it stands in a dump.
func keysOf(p *harness.Portal) (words []string) {
	plant := func(format, sql string) {
		p.T.Helper()
		word := fmt.Sprintf(format, len(words))
		words = append(words, word)
		if tag, err := p.Super.Exec(p.T.Context(), sql, word); err != nil || tag.RowsAffected() == 0 {
			p.T.Fatalf("%s: %v, %v", sql, tag, err)
		}
	}
	for _, column := range []string{
		"portal.api_keys.key_ciphertext", "portal.jobber_auth.access_token_ciphertext", "portal.jobber_auth.refresh_token_ciphertext",
		"portal.quickbooks_auth.access_token_ciphertext", "portal.quickbooks_auth.refresh_token_ciphertext",
	} {
		at := strings.LastIndex(column, ".")
		plant("zebrawood secret %02d", fmt.Sprintf(`update %s set %s = convert_to($1::text, 'UTF8') where customer_id = 'AAAA22222'`, column[:at], column[at+1:]))
	}
	plant("zebrawood-realm-%02d", `update portal.quickbooks_auth set realm_id = $1 where customer_id = 'AAAA22222'`)
	plant("zebrawood-subject-%02d", `update platform.identities set subject = $1 where id = (select min(id) from platform.identities)`)
	plant("+171655509%02d", `insert into platform.receiving_numbers (phone_number, customer_id) values ($1, 'AAAA22222')`)
	plant("zebrawood letter %02d", `insert into portal.outbox (customer_id, channel, kind, message_name, message_ciphertext, max_attempts)
		select 'AAAA22222', channel, kind, gen_random_uuid(), convert_to($1::text, 'UTF8'), max_attempts from portal.outbox limit 1`)
	for _, of := range []string{
		`select encode(token_hash, 'hex') from platform.service_tokens`,
		`select encode(refresh_hash, 'hex') from platform.sessions where refresh_hash is not null`,
		`select encode(token_hash, 'hex') from platform.invitations`,
		`select password_hash from platform.logins where password_hash is not null`,
		`select password_hash from platform.operators where password_hash is not null`,
	} {
		words = append(words, harness.Query[string](p, of+" order by 1 desc limit 1"))
	}
	return words
}

// store keeps settings of other services as their Admin stores them, a webhook's address among them.
func store(p *harness.Portal) {
	for name, value := range map[string]string{"n8n_webhook_url": "https://hooks.zebrawood.example/x", "twilio_phone_number": "+17165550888"} {
		p.Do("POST", "/settings/api-keys/", p.Token(harness.CompanyA, "Admin"), map[string]any{"key_name": name, "key_value": value}).Want(p.T, 200)
	}
}

// Nothing that says who somebody is, and nothing by which a server reaches another company, is anywhere in the clone; the
// source is as it was.
func TestClone_HasNobodyOfTheSource(t *testing.T) {
	t.Parallel()
	p := full(t)
	store(p)
	unlikeFakes(p)
	words := append(planted(p), keysOf(p)...)
	words = append(words, harness.Operator, "hooks.zebrawood")
	if missing := absent(dumped(t, p), words); len(missing) > 2 { // the webhook is sealed, and an answer's body is bytes
		t.Fatalf("not in the source to begin with: %v", missing)
	}
	before := harness.TakeSnapshot(t, p)

	c := cloned(t, p, clone.Options{})
	if there := found(dumped(t, c), words); len(there) > 0 {
		t.Errorf("in the clone: %v", there)
	}
	noOneOf(t, p, dumped(t, c))
	for _, table := range []string{
		"portal.outbox", "portal.api_keys", "portal.jobber_auth", "portal.quickbooks_auth", "platform.sessions", "platform.identities",
		"platform.invitations", "platform.service_tokens", "platform.receiving_numbers", "platform.login_states", "jobs.river_job",
	} {
		if n := harness.Query[int](c, "select count(*) from "+table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
		if n := harness.Query[int](p, "select count(*) from "+table); n == 0 && table != "platform.login_states" {
			t.Errorf("the source has no row of %s: nothing was tried", table)
		}
	}
	healthy(t, c)
	if changed, err := before.Changes(t.Context()); err != nil || len(changed) > 0 {
		t.Errorf("the source has changed: %v, %v", changed, err)
	}
}

func absent(dump string, words []string) []string {
	there := found(dump, words)
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(there, w) })
}

// What could be a word of the schema, such as a role, is not looked for.
const personalSQL = `
select distinct lower(v.value)
from portal.users u
cross join lateral (values (u.name), (u.email), (u.phone), (u.address), (u.username), (u.display_name)) as v (value)
where char_length(v.value) > 5 and v.value ~ '[ 0-9@]'
union
select lower(v.value)
from portal.locations l
cross join lateral (values (l.name), (l.address), (l.notes), (l.area_manager)) as v (value)
where char_length(v.value) > 5 and v.value ~ '[ 0-9@]'
union
select lower(v.value)
from platform.customers c
cross join lateral (values (c.company_name), (c.contact_name), (c.contact_email), (c.contact_phone), (c.billing_email)) as v (value)
where char_length(v.value) > 5 and v.value ~ '[ 0-9@]'
union
select lower(v.value)
from portal.winter_ops_logs l
cross join lateral (values (l.worker_name), (l.contractor_name), (l.notes)) as v (value)
where char_length(v.value) > 5 and v.value ~ '[ 0-9@]'`

// unlikeFakes changes what of the source a fake could be by chance: numbers that are kept for examples, a name of the fakes' words.
func unlikeFakes(p *harness.Portal) {
	p.Exec(`update portal.users set phone = '+1716666' || right(phone, 4)`)
	p.Exec(`update platform.customers set company_name = 'Zebrawood Nursery' where customer_id = $1`, harness.CompanyB)
}

// noOneOf looks for every person and place of a portal in a text.
func noOneOf(t *testing.T, source *harness.Portal, text string) {
	t.Helper()
	rows, _ := source.Super.Query(t.Context(), personalSQL)
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(values) < 20 {
		t.Fatal(len(values), err)
	}
	text = strings.ToLower(text)
	for _, v := range values {
		if strings.Contains(text, v) {
			t.Errorf("%q is in it", v)
		}
	}
}

// countsSQL is what lists and reports are made of, without a name.
const countsSQL = `
select jsonb_build_object(
  'people', (select jsonb_object_agg(role || status, n) from (select role, status, count(*) as n from portal.users where customer_id = $1 group by 1, 2) as g),
  'properties', (select count(*) from portal.locations where customer_id = $1),
  'logs', (select jsonb_agg(g order by g) from (select property_id, count(*), sum(time_out - time_in), sum(bulk_salt_qty), sum(bag_salt_qty) from portal.winter_ops_logs where customer_id = $1 group by 1) as g),
  'by worker', (select jsonb_agg(n order by n) from (select count(*) as n from portal.winter_ops_logs where customer_id = $1 group by worker_name) as g),
  'by equipment', (select jsonb_object_agg(equipment, n) from (select coalesce(equipment, '') as equipment, count(*) as n from portal.winter_ops_logs where customer_id = $1 group by 1) as g),
  'green', (select jsonb_agg(g order by g) from (select property_id, service_type, sum(quantity_used) from portal.green_services_logs where customer_id = $1 group by 1, 2) as g)
)::text`

// The clone logs in, lists and reports, with the counts and sums of the source; its two companies do not see each other;
// and the same person is the same one in all tables.
func TestClone_Serves(t *testing.T) {
	t.Parallel()
	p := full(t)
	to := empty(t) // which is installed first
	if out, err := runClone(t, p, to); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n := len(p.Entries("customer.cloned")); n != 2 {
		t.Errorf("%d entries of it in the source", n)
	}
	c := harness.NewPortal(t, func(s *harness.Settings) { s.Database = to })
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		if a, b := harness.Query[string](p, countsSQL, company), harness.Query[string](c, countsSQL, company); a != b {
			t.Errorf("%s counts\n%s, and its clone\n%s", company, a, b)
		}
	}
	idA, tokenA := answersAlike(t, p, c, harness.CompanyA)
	idB, tokenB := answersAlike(t, p, c, harness.CompanyB)
	for id, token := range map[int64]string{idA: tokenB, idB: tokenA} {
		c.Do("GET", fmt.Sprintf("/properties/%d", id), token, nil).Problem(t, 404)
	}
	c.LoginWith("operator@example.com", harness.Password).Want(t, 200)
	c.LoginWith(harness.Operator, harness.Password).Problem(t, 401)

	const sameSQL = `select count(*) from portal.users u join platform.logins l on (l.customer_id, l.user_id) = (u.customer_id, u.id) where l.email <> u.email`
	if n := harness.Query[int](c, sameSQL); n != 0 {
		t.Errorf("%d people have another e-mail to log in with", n)
	}
	const workers = `select count(*) from portal.winter_ops_logs l join portal.users u on u.customer_id = l.customer_id and u.name = l.worker_name`
	if a, b := harness.Query[int](p, workers), harness.Query[int](c, workers); a != b || a == 0 {
		t.Errorf("%d logs name a person, and %d in the clone", a, b)
	}
}

// answersAlike compares lists and reports of a company and its clone, over HTTP, and returns a property of the clone's and
// the token of its Admin.
func answersAlike(t *testing.T, p, c *harness.Portal, company string) (property int64, token string) {
	t.Helper()
	email := harness.Query[string](c, `select email from portal.users where customer_id = $1 and role = 'Admin' and status = 'active' order by id limit 1`, company)
	if !strings.HasSuffix(email, "@example.com") {
		t.Errorf("an Admin's e-mail is %s", email)
	}
	there, here := c.Session(email).AccessToken, p.Token(company, "Admin")
	for _, path := range []string{"/properties/", "/users/", "/winter-logs/", "/green-logs/", "/winter-events/", "/routes/", "/property-lists/", "/equipment-rates/"} {
		a, b := p.Do("GET", path, here, nil).Want(t, 200), c.Do("GET", path, there, nil).Want(t, 200)
		if a.Header.Get("X-Total-Count") != b.Header.Get("X-Total-Count") {
			t.Errorf("%s of %s: %s, and of its clone %s", path, company, a.Header.Get("X-Total-Count"), b.Header.Get("X-Total-Count"))
		}
	}
	for _, path := range []string{"/report/by-property/", "/report/by-user/", "/report/by-product/"} {
		a := numbers(t, p.Do("POST", path, here, map[string]any{}).Want(t, 200))
		b := numbers(t, c.Do("POST", path, there, map[string]any{}).Want(t, 200))
		if a != b || len(a) < 4 {
			t.Errorf("%s of %s: %s, and of its clone %s", path, company, a, b)
		}
	}
	property = harness.Query[int64](c, `select min(id) from portal.locations where customer_id = $1`, company)
	c.Do("GET", fmt.Sprintf("/properties/%d", property), there, nil).Want(t, 200)
	return property, there
}

// numbers are those in an answer, in the order of their size: what is sorted by name has another order in a clone.
func numbers(t *testing.T, a harness.Answer) string {
	t.Helper()
	var rows []map[string]any
	a.JSON(t, &rows)
	var all []string
	for _, row := range rows {
		for key, v := range row {
			if n, ok := v.(float64); ok {
				all = append(all, fmt.Sprint(key, "=", n))
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
