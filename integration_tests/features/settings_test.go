package features

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/settings"
	"contractor-portal/server/vault"
)

const (
	apiKeys = "/settings/api-keys/"
	planted = "planted-secret-of-nobody-0042"
)

func (p *portal) setKey(company, role, name, value string, user any) harness.Answer {
	p.T.Helper()
	body := map[string]any{"key_name": name, "key_value": value}
	if user != nil {
		body["user_id"] = user
	}
	return p.Do("POST", apiKeys, p.Token(company, role), body)
}

// key is "value of level" of one key as somebody sees it, or "".
func (p *portal) key(company, role, name string) string {
	p.T.Helper()
	var k struct {
		KeyValue     *string `json:"key_value"`
		IsConfigured bool    `json:"is_configured"`
		Level        *string
	}
	p.Do("GET", apiKeys+name, p.Token(company, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &k)
	if k.IsConfigured != (k.KeyValue != nil) || k.IsConfigured != (k.Level != nil) {
		p.T.Errorf("%+v contradicts itself", k)
	}
	if k.KeyValue == nil {
		return ""
	}
	return *k.KeyValue + " of " + *k.Level
}

func (p *portal) keys(company, role string) (list []string) {
	p.T.Helper()
	var rows []struct {
		KeyName     string `json:"key_name"`
		MaskedValue string `json:"masked_value"`
		UserID      *int64 `json:"user_id"`
		Level       string
	}
	p.Do("GET", apiKeys, p.Token(company, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &rows)
	for _, row := range rows {
		if (row.UserID == nil) != (row.Level == "company") {
			p.T.Errorf("%+v contradicts itself", row)
		}
		list = append(list, fmt.Sprintf("%s %s %s", row.KeyName, row.MaskedValue, row.Level))
	}
	return list
}

func (p *portal) userID(company, role string) int64 {
	return harness.Query[int64](p.Portal, "select id from portal.users where customer_id = $1 and role = $2 order by id limit 1", company, role)
}

// The own key counts, then the company's, then the operator's; nobody sees more of them than he may.
func TestSettings_Levels(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) {
		s.Server.ServiceKeys = map[string]string{"openai_api_key": "operators-key-7777", "mapbox_token": "operators-token"}
	})
	const a, name = harness.CompanyA, "openai_api_key"
	see := func(step, admin, user string) {
		t.Helper()
		if have := p.key(a, auth.Admin, name); have != admin {
			t.Errorf("%s: an Admin sees %q, want %q", step, have, admin)
		}
		if have := p.key(a, auth.User, name); have != user {
			t.Errorf("%s: a User sees %q, want %q", step, have, user)
		}
		if have := p.key(harness.CompanyB, auth.Admin, name); have != "**** of operator" {
			t.Errorf("%s: the other company sees %q", step, have)
		}
	}
	see("at first", "**** of operator", "")
	p.setKey(a, auth.Admin, name, " company-key-1234 ", nil).Want(t, http.StatusOK)
	see("company's", "****1234 of company", "")
	p.setKey(a, auth.User, name, "own-key-of-user-5678", nil).Want(t, http.StatusOK)
	see("user's", "****1234 of company", "****5678 of own")
	p.setKey(a, auth.Admin, name, "set-by-an-admin-9999", p.userID(a, auth.User)).Want(t, http.StatusOK)
	see("user's, by an Admin", "****1234 of company", "****9999 of own")
	p.setKey(a, auth.Admin, name, "short", nil).Want(t, http.StatusOK)
	see("short", "**** of company", "****9999 of own")
	if have, want := p.keys(a, auth.Admin), []string{name + " **** company"}; !slices.Equal(have, want) {
		t.Errorf("an Admin's list is %q, want %q", have, want)
	}
	if have, want := p.keys(a, auth.User), []string{name + " ****9999 own"}; !slices.Equal(have, want) {
		t.Errorf("a User's list is %q, want %q", have, want)
	}
	if have := append(p.keys(a, auth.Manager), p.keys(harness.CompanyB, auth.Admin)...); len(have) != 0 {
		t.Errorf("others see %q", have)
	}

	p.Do("DELETE", apiKeys+name, p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	see("company's deleted", "**** of operator", "****9999 of own")
	p.Do("DELETE", apiKeys+name, p.Token(a, auth.Admin), nil).Problem(t, http.StatusNotFound)
	p.Do("DELETE", apiKeys+name, p.Token(a, auth.User), nil).Want(t, http.StatusOK)
	see("all deleted", "**** of operator", "")
}

// The map needs its token, whoever looks at it.
func TestSettings_MapToken(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) {
		s.Server.ServiceKeys = map[string]string{"mapbox_token": "pk.operators-token"}
	})
	p.setKey(harness.CompanyA, auth.Admin, "mapbox_token", "pk.companys-token", nil).Want(t, http.StatusOK)
	for _, role := range harness.Roles {
		if have := p.key(harness.CompanyA, role, "mapbox_token"); have != "pk.companys-token of company" {
			t.Errorf("%s sees %q", role, have)
		}
		if have := p.key(harness.CompanyB, role, "mapbox_token"); have != "pk.operators-token of operator" {
			t.Errorf("%s of the other company sees %q", role, have)
		}
	}
}

func TestSettings_Refusals(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const a = harness.CompanyA
	user, manager, foreign := p.userID(a, auth.User), p.userID(a, auth.Manager), p.userID(harness.CompanyB, auth.User)
	p.setKey(a, auth.Admin, "back_door", planted, nil).Problem(t, http.StatusUnprocessableEntity)
	p.setKey(a, auth.Admin, "openai_api_key", " ", nil).Problem(t, http.StatusUnprocessableEntity)
	long := p.setKey(a, auth.Admin, "openai_api_key", strings.Repeat(planted, 99), nil)
	if long.Problem(t, http.StatusUnprocessableEntity); strings.Contains(string(long.Body), "planted") {
		t.Errorf("the secret is repeated: %s", long.Body)
	}
	for _, id := range []int64{foreign, 999999} {
		if have := p.setKey(a, auth.Admin, "openai_api_key", planted, id).Problem(t, http.StatusNotFound).Detail; have != "there is no such user" {
			t.Errorf("user %d: %s", id, have)
		}
	}
	p.setKey(a, auth.User, "openai_api_key", planted, manager).Problem(t, http.StatusForbidden)
	p.setKey(a, auth.User, "openai_api_key", planted, user).Want(t, http.StatusOK)
	p.Do("DELETE", fmt.Sprintf("%sopenai_api_key?user_id=%d", apiKeys, user), p.Token(a, auth.Manager), nil).Problem(t, http.StatusForbidden)
	p.Do("DELETE", apiKeys+"openai_api_key", p.Token(a, auth.Admin), nil).Problem(t, http.StatusNotFound) // the company has none
	p.Do("DELETE", fmt.Sprintf("%sopenai_api_key?user_id=%d", apiKeys, foreign), p.Token(a, auth.Admin), nil).Problem(t, http.StatusNotFound)
	p.Do("DELETE", fmt.Sprintf("%sopenai_api_key?user_id=%d", apiKeys, user), p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	p.Do("GET", apiKeys+"back_door", p.Token(a, auth.Admin), nil).Problem(t, http.StatusUnprocessableEntity)
	p.Do("GET", "/settings/available-integrations/", p.Token(a, auth.Manager), nil).Problem(t, http.StatusForbidden)

	// Without keys for the vault nothing is stored.
	none := newPortal(t, func(s *harness.Settings) { s.Server.Vault = vault.New(func() []byte { return nil }) })
	none.setKey(a, auth.Admin, "openai_api_key", planted, nil).Problem(t, http.StatusServiceUnavailable)
}

func TestSettings_Integrations(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) {
		s.Server.ServiceKeys = map[string]string{"gmail_address": "office@example.com"}
	})
	p.setKey(harness.CompanyA, auth.Admin, "openai_api_key", planted, nil).Want(t, http.StatusOK)
	p.setKey(harness.CompanyA, auth.Admin, "mapbox_token", planted, p.userID(harness.CompanyA, auth.Admin)).Want(t, http.StatusOK)
	for company, want := range map[string]string{harness.CompanyA: "openai_api_key company, gmail_address operator", harness.CompanyB: "gmail_address operator"} {
		var rows []struct {
			KeyName      string `json:"key_name"`
			IsConfigured bool   `json:"is_configured"`
			Level        *string
		}
		p.Do("GET", "/settings/available-integrations/", p.Token(company, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &rows)
		var names, configured []string
		for _, row := range rows {
			names = append(names, row.KeyName)
			if row.IsConfigured {
				configured = append(configured, row.KeyName+" "+*row.Level)
			}
		}
		if have := strings.Join(configured, ", "); have != want || !slices.Equal(names, settings.Names()) {
			t.Errorf("%s: %s of %v; want %s", company, have, names, want)
		}
	}
	// What can be stored is what is listed.
	for _, name := range settings.Names() {
		value := planted
		if name == "twilio_phone_number" {
			value = "(716) 555-0100"
		}
		if name == "n8n_webhook_url" {
			value = "https://n8n.example.com/webhook"
		}
		p.setKey(harness.CompanyB, auth.Admin, name, value, nil).Want(t, http.StatusOK)
		p.Do("GET", apiKeys+name, p.Token(harness.CompanyB, auth.Admin), nil).Want(t, http.StatusOK)
	}
}

// dump is all that the database holds, as text.
func (p *portal) dump() string {
	p.T.Helper()
	rows, _ := p.Super.Query(p.T.Context(), `select oid::regclass::text from pg_class where relkind = 'r' and relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 30 {
		p.T.Fatalf("%d tables: %v", len(tables), err)
	}
	var dump strings.Builder
	for _, table := range tables {
		dump.WriteString(harness.Query[string](p.Portal, "select coalesce(string_agg(t::text, E'\\n'), '') from "+table+" t"))
	}
	return dump.String()
}

// A secret is in no dump of the database, no log, no audit entry and no answer.
func TestSettings_SecretIsNowhere(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const a = harness.CompanyA
	p.setKey(a, auth.Admin, "openai_api_key", planted, nil).Want(t, http.StatusOK)
	p.setKey(a, auth.User, "gmail_app_password", planted, nil).Want(t, http.StatusOK)
	var shown []string
	for _, path := range []string{apiKeys, apiKeys + "openai_api_key", "/settings/available-integrations/", "/audit-log/", "/openapi.json"} {
		shown = append(shown, string(p.Do("GET", path, p.Token(a, auth.Admin), nil).Body))
	}
	dump := p.dump()
	if !strings.Contains(dump, "openai_api_key") {
		t.Fatal("the dump has no keys at all")
	}
	for what, text := range map[string]string{"a dump": dump, "the log": p.Log.String(), "an answer": strings.Join(shown, "")} {
		for _, form := range []string{planted, fmt.Sprintf("%x", planted), planted[:16]} {
			if strings.Contains(text, form) {
				t.Errorf("%s has the secret", what)
			}
		}
	}
	entries := harness.Query[string](p.Portal, "select string_agg(action || ' ' || object_id || ' ' || detail::text, '; ' order by id) from platform.audit_log where action like 'api_key.%'")
	want := fmt.Sprintf(`api_key.set openai_api_key {"user_id": null}; api_key.set gmail_app_password {"user_id": %d}`, p.userID(a, auth.User))
	if entries != want {
		t.Errorf("the audit log has %s, want %s", entries, want)
	}
}

// No ciphertext opens in another row: not of another company, another name, another person, nor the company's.
func TestSettings_MovedCiphertextsDoNotOpen(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		for _, name := range []string{"mapbox_token", "openai_api_key"} {
			p.setKey(company, auth.Admin, name, planted+company+name, nil).Want(t, http.StatusOK)
			for _, role := range []string{auth.Admin, auth.User} {
				p.setKey(company, auth.Admin, name, planted+company+name+role, p.userID(company, role)).Want(t, http.StatusOK)
			}
		}
	}
	type row struct {
		ID, User       int64
		Customer, Name string
		Sealed         []byte
	}
	found, _ := p.Super.Query(t.Context(), `select id, coalesce(user_id, 0) as user, customer_id as customer, key_name as name, key_ciphertext as sealed from portal.api_keys order by id`)
	rows, err := pgx.CollectRows(found, pgx.RowToStructByName[row])
	if err != nil || len(rows) != 12 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	// Who opens which row: the company's is opened for a Manager, who has none of his own.
	opener := func(r row) string {
		return p.Token(r.Customer, map[int64]string{0: auth.Manager, p.userID(r.Customer, auth.Admin): auth.Admin, p.userID(r.Customer, auth.User): auth.User}[r.User])
	}
	tried := 0
	for _, to := range rows {
		if to.Name != "mapbox_token" { // the one that is answered in full
			continue
		}
		for _, from := range rows {
			p.Exec("update portal.api_keys set key_ciphertext = $2 where id = $1", to.ID, from.Sealed)
			a := p.Do("GET", apiKeys+to.Name, opener(to), nil)
			if from.ID == to.ID {
				a.Want(t, http.StatusOK)
				continue
			}
			if tried++; a.Status != http.StatusServiceUnavailable || strings.Contains(string(a.Body), "planted") {
				t.Errorf("from %s %s %d to %s %s %d: %d %s", from.Customer, from.Name, from.User, to.Customer, to.Name, to.User, a.Status, a.Body)
			}
		}
		p.Exec("update portal.api_keys set key_ciphertext = $2 where id = $1", to.ID, to.Sealed)
		var k struct {
			KeyValue string `json:"key_value"`
		}
		p.Do("GET", apiKeys+to.Name, opener(to), nil).Want(t, http.StatusOK).JSON(t, &k)
		if !strings.HasPrefix(k.KeyValue, planted+to.Customer) {
			t.Errorf("its own row has %s", k.KeyValue)
		}
	}
	if tried != 6*11 {
		t.Errorf("%d were tried", tried)
	}
	if text, err := json.Marshal(p.Log.String()); err != nil || strings.Contains(string(text), "planted") {
		t.Errorf("the log has a secret (%v)", err)
	}
}
