package isolation

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const enterWebhookSQL = `call tenancy.enter_webhook(null, $1)`

// The number of a company, and one token of each kind of it: the one that signs, another key, and a person's own.
var receiving = map[string]string{harness.CompanyA: "+17165550001", harness.CompanyB: "+13125550001"}

func seedWebhooks(t *testing.T, super *pgx.Conn) {
	t.Helper()
	for company, number := range receiving {
		for _, sql := range []string{
			`insert into platform.receiving_numbers (phone_number, customer_id) values ('` + number + `', $1)`,
			`insert into portal.api_keys (customer_id, key_name, key_ciphertext) values ($1, 'twilio_auth_token', convert_to('token of ' || $1, 'UTF8')), ($1, 'openai_api_key', 'other')`,
			`insert into portal.api_keys (customer_id, key_name, key_ciphertext, user_id) select $1, 'twilio_auth_token', 'own', id from portal.users where customer_id = $1 and role = 'User'`,
			`update portal.users set phone = '+17165550100' where customer_id = $1 and role in ('User', 'Contractor')`,
			`insert into portal.sms_messages (customer_id, phone_number, direction, message_body, twilio_sid) values ($1, '+17165550100', 'outbound', 'of ' || $1, 'SM-of-' || $1)`,
		} {
			if _, err := super.Exec(t.Context(), sql, company); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A webhook enters the company whose number was called, where it is open, and no other.
func TestEntry_OfAWebhook(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, conn := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_auth", database)
	seedWebhooks(t, super)
	called := func(number string) func() harness.Entry {
		return func() harness.Entry { return harness.Entry{Customer: number} }
	}
	customer := func(status string) string {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", status, harness.CompanyA)
	}
	open := customer("status = 'active', trial_ends_at = null")
	own := receiving[harness.CompanyA]
	for _, c := range []trial{
		{"as it is", "", "", called(own), ""},
		{"unknown number", "", "", called("+17165559999"), "TN004"},
		{"a customer's id", "", "", called(harness.CompanyA), "TN004"},
		{"no number", "", "", called(""), "TN004"},
		{"suspended customer", customer("status = 'suspended'"), open, called(own), "TN004"},
		{"moving customer", customer("status = 'moving'"), open, called(own), "TN008"},
		{"cancelled customer", customer("status = 'cancelled'"), open, called(own), "TN004"},
		{"trial over", customer("status = 'trial', trial_ends_at = now()"), open, called(own), "TN004"},
		{"number taken away", "delete from platform.receiving_numbers where phone_number = '" + own + "'", "insert into platform.receiving_numbers (phone_number, customer_id) values ('" + own + "', '" + harness.CompanyA + "')", called(own), "TN004"},
	} {
		c.run(t, super, func() error {
			return pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), enterWebhookSQL, c.entry().Customer); err != nil {
					return err
				}
				var seen string
				err := tx.QueryRow(t.Context(), "select string_agg(distinct customer_id, ' ') || tenancy.role() || coalesce(tenancy.user_id()::text, '') from portal.sms_messages").Scan(&seen)
				if err == nil && seen != harness.CompanyA+"webhook" {
					t.Errorf("%s: it sees %s", c.name, seen)
				}
				return err
			})
		})
		var n int
		var left *string
		if err := conn.QueryRow(t.Context(), "select count(*), tenancy.customer_id() from portal.sms_messages").Scan(&n, &left); err != nil || n != 0 || left != nil {
			t.Errorf("%s: afterwards the connection sees %d messages, and is in %v (%v)", c.name, n, left, err)
		}
	}
}

// What a webhook may: have the call verified by the one token of its company, add to the inbox, and note what became of
// its company's messages. A guest, who is of the same role, may none of it.
func TestWebhook_MayNothingElse(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, conn := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_auth", database)
	seedWebhooks(t, super)
	const a, b = harness.CompanyA, harness.CompanyB
	user := func(company string) (id string) {
		if err := super.QueryRow(t.Context(), `select min(id)::text from portal.users where customer_id = $1 and phone is not null`, company).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	try := func(enter, by, sql string) (seen string, code string) {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			if enter != "" {
				if _, err := tx.Exec(t.Context(), enter, by); err != nil {
					t.Fatal(err)
				}
			}
			return tx.QueryRow(t.Context(), sql).Scan(&seen)
		})
		return seen, harness.SQLState(err)
	}
	const inbox = `insert into portal.sms_messages (phone_number, direction, message_body, waits) values ('+17165550100', 'inbound', 'home', true) returning customer_id`
	const noted = `with noted as (update portal.sms_messages set twilio_status = 'sent' returning customer_id) select coalesce(string_agg(distinct customer_id, ' '), 'none') from noted`
	const token = `select coalesce(customer_id || ' ' || convert_from(sealed, 'UTF8'), 'none') from tenancy.webhook_token()`
	const person = `select coalesce(tenancy.webhook_person('+17165550100')::text, 'none')`
	for _, c := range []struct{ sql, a, b, guest, outside string }{
		{token, a + " token of " + a, b + " token of " + b, "none", "none"},
		{person, user(a), user(b), "none", "none"},
		{noted, a, b, "none", "none"},
		{inbox, a, b, "42501", "42501"},
		{`select coalesce(string_agg(distinct customer_id, ' '), 'none') from portal.sms_messages`, a, b, "none", "none"},
		{`select message_body from portal.sms_messages`, "42501", "42501", "42501", "42501"},
		{`select key_ciphertext::text from portal.api_keys`, "42501", "42501", "42501", "42501"},
		{`select phone from portal.users`, "42501", "42501", "42501", "42501"},
		{`select phone_number from portal.sms_context`, "42501", "42501", "42501", "42501"},
		{`update portal.users set sms_notifications_enabled = false returning id::text`, "42501", "42501", "42501", "42501"},
		{`delete from portal.sms_messages returning id::text`, "42501", "42501", "42501", "42501"},
		{`insert into portal.sms_messages (customer_id, phone_number, direction, message_body) values ('` + b + `', '1', 'inbound', 'x') returning id::text`, "42501", "42501", "42501", "42501"},
		{`select name from portal.locations`, "42501", "42501", "42501", "42501"},
		{`delete from platform.receiving_numbers returning phone_number`, "42501", "42501", "42501", "42501"},
	} {
		for _, who := range []struct{ name, enter, by, want string }{
			{"the webhook of A", enterWebhookSQL, receiving[a], c.a},
			{"the webhook of B", enterWebhookSQL, receiving[b], c.b},
			{"a guest", harness.EnterGuestSQL, a, c.guest},
			{"nobody", "", "", c.outside},
		} {
			seen, code := try(who.enter, who.by, c.sql)
			if have := seen + code; have != who.want {
				t.Errorf("%s: %s: %s, want %s", who.name, c.sql, have, who.want)
			}
		}
	}
}

// A number is claimed by an Admin for his own company, and not from one that has proven it; nobody else claims any.
func TestNumbers_AreClaimedForTheOwnCompany(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, conn := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	seedWebhooks(t, super)
	const a, b = harness.CompanyA, harness.CompanyB
	call := func(company, role, sql string) string {
		err := harness.NewMember(t, super, company, role).Inside(t.Context(), conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		return harness.SQLState(err)
	}
	owners := func() (all string) {
		if err := super.QueryRow(t.Context(), `select string_agg(phone_number || ' ' || customer_id || ' ' || (proven_at is not null), ', ' order by phone_number) from platform.receiving_numbers`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	claim := func(number string) string { return fmt.Sprintf(`call tenancy.claim_number(null, '%s')`, number) }
	for _, step := range []struct{ company, role, sql, code, owners string }{
		{b, auth.Manager, claim(receiving[a]), "42501", "+13125550001 " + b + " false, +17165550001 " + a + " false"},
		{b, auth.User, `call tenancy.claim_number(null, null)`, "42501", "+13125550001 " + b + " false, +17165550001 " + a + " false"},
		{b, auth.Admin, claim(receiving[a]), "", "+17165550001 " + b + " false"},
		{a, auth.Manager, `call tenancy.prove_number('+17165550001')`, "", "+17165550001 " + a + " true"},
		{b, auth.Admin, claim(receiving[a]), "", "+17165550001 " + a + " true"},
		{b, auth.Admin, `call tenancy.prove_number('+17165550001')`, "", "+17165550001 " + a + " true"},
		{b, auth.Admin, claim(receiving[b]), "", "+13125550001 " + b + " false, +17165550001 " + a + " true"},
		{b, auth.Admin, `call tenancy.claim_number(null, null)`, "", "+17165550001 " + a + " true"},
		{b, auth.Admin, `select phone_number from platform.receiving_numbers`, "42501", "+17165550001 " + a + " true"},
	} {
		if code := call(step.company, step.role, step.sql); code != step.code {
			t.Errorf("%s of %s: %s: SQLSTATE %q, want %q", step.role, step.company, step.sql, code, step.code)
		}
		if have := owners(); have != step.owners {
			t.Errorf("after %s of %s: %s: %s, want %s", step.role, step.company, step.sql, have, step.owners)
		}
	}
	// Texts are stopped in the company that entered.
	if code := call(a, auth.User, `call tenancy.stop_messages('+17165550100')`); code != "" {
		t.Error(code)
	}
	var stopped string
	if err := super.QueryRow(t.Context(), `select string_agg(distinct customer_id, ' ') from portal.users where not sms_notifications_enabled`).Scan(&stopped); err != nil || stopped != a {
		t.Errorf("stopped in %s (%v)", stopped, err)
	}
}
