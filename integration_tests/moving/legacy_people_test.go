package moving

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving/legacy"
	"contractor-portal/server/auth"
)

// login logs somebody in with the password of the old portal.
func login(t *testing.T, p *harness.Portal, email, password string) (token string) {
	t.Helper()
	var s harness.Pair
	p.LoginWith(email, password).Want(t, http.StatusOK).JSON(t, &s)
	return s.AccessToken
}

// Passwords of the old portal still let their people in, in whichever column they were; the back door's does not.
func TestLegacy_OldPasswords(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	imported(t, p, harness.NewOldPortal(t, harness.GenerationB))
	kept := harness.Query[string](p, `select created_at::text || ' ' || updated_at::text from portal.users where email = 'ada@old.example'`)
	if !strings.HasPrefix(kept, "2025-05-01") || !strings.Contains(kept, " 2025-06-01") {
		t.Errorf("made and changed at %s", kept)
	}
	token := login(t, p, "ada@old.example", harness.OldPassword)
	login(t, p, "MANNY@old.example", harness.OtherOldOne)
	for email, password := range map[string]string{
		"ada@old.example": harness.OtherOldOne, harness.OldPortalDoor: harness.OtherOldOne, "manny@old.example": "not a hash", "sven@old.example": "",
	} {
		if a := p.LoginWith(email, password); a.Status < http.StatusBadRequest {
			t.Errorf("%s is let in", email)
		}
	}
	if me := harness.ClaimsOf(t, token); me["role"] != auth.Admin || me["name"] != "Ada Office" || me["customer_id"] != "LEGACY001" {
		t.Errorf("she is %v", me)
	}
	if phone := harness.Query[string](p, `select phone from portal.users where email = 'ada@old.example'`); phone != "+17165550100" {
		t.Errorf("her telephone is %s", phone)
	}
	led := harness.Query[string](p, `select c.name from portal.users u join portal.users c on c.id = u.contractor_id where u.email = 'sven@old.example'`)
	if led != "Cora Contractor" {
		t.Errorf("Sven's contractor is %s", led)
	}
}

// Secrets of other services are sealed, each in its place, and in the dump of the database there is none.
func TestLegacy_SecretsAreSealed(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	m := harness.NewOldPortal(t, harness.GenerationB)
	imported(t, p, m)
	words := []string{"planted-weather-key-of-the-company", "planted-model-key-of-ada", "planted-jobber-access", "planted-books-access"}
	if there := found(dumped(t, p), words); len(there) > 0 {
		t.Errorf("in the dump: %v", there)
	}
	token := login(t, p, "ada@old.example", harness.OldPassword)
	answer := string(p.Do("GET", "/settings/api-keys/", token, nil).Want(t, http.StatusOK).Body)
	if !strings.Contains(answer, "pany") || strings.Contains(answer, words[0]) {
		t.Errorf("the keys are %s", answer)
	}
	// Without a vault the rest comes in, and the report says what did not.
	q := harness.NewPortal(t)
	report := imported(t, q, m, func(o *legacy.Options) { o.Vault = nil })
	if k := tableOf(t, report, "api_keys"); k.Written != 0 || k.Refused != 3 {
		t.Errorf("without a vault: %+v", k)
	}
}

// tableOf is what the report says of a table of the first customer.
func tableOf(t *testing.T, r *legacy.Report, name string) *legacy.Table {
	t.Helper()
	i := slices.IndexFunc(r.Customers[0].Tables, func(t *legacy.Table) bool { return t.Name == name })
	if i < 0 {
		t.Fatalf("the report has no %s", name)
	}
	return r.Customers[0].Tables[i]
}

// notRead are reads that need more than rows: where they lead, or what they ask, is somebody else's.
var notRead = []string{"/auth/", "/jobber/auth", "/jobber/callback", "/quickbooks/auth", "/quickbooks/callback", "/jobber/connect", "/quickbooks/connect", "/api/my-customer/export/"}

// Every read of the API answers an Admin of the imported company.
func TestLegacy_EveryReadAnswers(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	imported(t, p, harness.NewOldPortal(t, harness.GenerationB))
	token := login(t, p, "ada@old.example", harness.OldPassword)
	asked := 0
	for _, op := range harness.ReadDocument(t, p) {
		if op.Method != "GET" || op.Public() || !op.Admits(harness.Caller{Role: auth.Admin}) || slices.ContainsFunc(notRead, func(n string) bool { return strings.HasPrefix(op.Path, n) }) {
			continue
		}
		asked++
		if last := reads(p, op, token); last != "" {
			t.Errorf("%s: %s", op, last)
		}
	}
	if asked < 60 {
		t.Errorf("%d reads, want at least 60", asked)
	}
}

// reads asks with the ids of each of the company's rows that a place may name, until one answers.
func reads(p *harness.Portal, op *harness.Operation, token string) (last string) {
	r := harness.Request{Op: op, IDs: map[string]any{}}
	keys := []string{""}
	for _, place := range op.Places() {
		if strings.HasPrefix(place.At, "path.") {
			keys = harness.Query[[]string](p, fmt.Sprintf(`select coalesce(array_agg(id::text order by id), '{}') from %s where customer_id = 'LEGACY001'`, qualified(p, place.Table)))
		}
	}
	last = "there is no row to ask for"
	for _, key := range keys {
		for _, place := range op.Places() {
			if strings.HasPrefix(place.At, "path.") {
				r.IDs[place.At] = place.Of(key)
			}
		}
		a := p.Do("GET", r.Target(), token, nil)
		if a.Status == http.StatusOK {
			return ""
		}
		last = fmt.Sprintf("%d %s", a.Status, a.Body)
	}
	return last
}

func qualified(p *harness.Portal, table string) string {
	return harness.Query[string](p, `select coalesce(to_regclass('portal.' || $1), to_regclass('platform.' || $1))::text`, table)
}

// Of a database with two companies neither sees the other, whoever asks.
func TestLegacy_CustomersAreApart(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	imported(t, p, harness.NewOldPortal(t, harness.Version06))
	own := map[string]string{"ada@old.example": harness.OldPassword, "zoe@second.example": harness.OtherOldOne}
	properties := map[string][]int64{}
	for email, password := range own {
		token := login(t, p, email, password)
		var list []struct {
			ID int64 `json:"id"`
		}
		p.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK).JSON(t, &list)
		for _, l := range list {
			properties[email] = append(properties[email], l.ID)
		}
	}
	if len(properties["ada@old.example"]) != 5 || len(properties["zoe@second.example"]) != 1 {
		t.Errorf("properties: %v", properties)
	}
	for email, password := range own {
		token := login(t, p, email, password)
		for other, ids := range properties {
			for _, id := range ids {
				a := p.Do("GET", fmt.Sprintf("/properties/%d/contractors/", id), token, nil)
				if other != email && a.Status != http.StatusNotFound || other == email && a.Status != http.StatusOK {
					t.Errorf("%s asks about %d of %s: %d", email, id, other, a.Status)
				}
			}
		}
	}
	across := harness.Query[int](p, `
select count(*)
from portal.winter_ops_logs l
left join portal.users u on u.id in (l.user_id, l.contractor_id)
left join portal.winter_events e on e.id = l.winter_event_id
where l.customer_id <> u.customer_id or l.customer_id <> e.customer_id`)
	if n := harness.Query[int](p, `select count(*) from portal.winter_ops_logs where customer_id = 'KPQ7W2M9X'`); across != 0 || n != 2 {
		t.Errorf("%d logs of the second, %d of all lead to another customer", n, across)
	}
}
