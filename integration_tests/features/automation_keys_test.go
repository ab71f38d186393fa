package features

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// What a service sees from within: where it is, and as whom.
type inside struct {
	Customer string `json:"customer" db:"customer"`
	Person   string `json:"person" db:"person"`
	Actor    string `json:"actor" db:"actor"`
	Nobody   bool   `json:"nobody" db:"nobody"`
	Others   int    `json:"others" db:"others"`
	Own      int    `json:"own" db:"own"`
}

const insideSQL = `
select tenancy.customer_id() as customer, tenancy.person() as person, tenancy.actor_name() as actor,
  tenancy.user_id() is null and tenancy.acting_as() is null as nobody,
  (select count(*) from locations where customer_id <> tenancy.customer_id()) as others,
  (select count(*) from locations) as own`

func lookAround(ctx context.Context, tx db.Tx, _ *endpoint.None) (inside, error) {
	return db.One[inside](ctx, tx, insideSQL)
}

// newServed is a portal with two operations for services beside its own.
func newServed(t *testing.T) *portal {
	t.Helper()
	return newPortal(t, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			api = api.Tag("test", "Of a test.")
			endpoint.Get(api, "/test/inside", "testInside", "Look around", lookAround, endpoint.Service("events"))
			endpoint.Post(api, "/test/inside", "testWrite", "Look around, to write", lookAround, endpoint.Service("error-report"), endpoint.Audited("test.done"))
		}
	})
}

func TestServiceKeys_MadeShownOnceListedRevoked(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin, other := p.Token(harness.CompanyA, auth.Admin), p.Token(harness.CompanyB, auth.Admin)
	body := map[string]any{"name": "n8n", "scopes": []string{"events"}}
	made := p.Do("POST", "/n8n/auth/keys", admin, body).Want(t, http.StatusOK)
	var key harness.ServiceKey
	made.JSON(t, &key)
	if !strings.HasPrefix(key.ClientID, harness.CompanyA+"-") || len(key.ClientSecret) < 40 {
		t.Errorf("%s", made.Body)
	}

	// The secret is nowhere: not in the list, the log, the audit log or the database.
	list := func(token string) (keys []struct {
		ID            int64
		ClientID      string `json:"client_id"`
		Name          string
		Scopes        []string
		CreatedByName *string `json:"created_by_name"`
		LastUsedAt    *string `json:"last_used_at"`
		Revoked       bool
	},
	) {
		a := p.Do("GET", "/n8n/auth/keys", token, nil).Want(t, http.StatusOK)
		if strings.Contains(string(a.Body), key.ClientSecret) {
			t.Error("the list shows a secret")
		}
		a.JSON(t, &keys)
		return keys
	}
	keys := list(admin)
	if len(keys) != 1 || keys[0].Name != "n8n" || keys[0].ClientID != key.ClientID || keys[0].LastUsedAt != nil || keys[0].Revoked || *keys[0].CreatedByName != "Admin One" || cmp.Diff(keys[0].Scopes, []string{"events"}) != "" {
		t.Errorf("%+v", keys)
	}
	if of := list(other); len(of) != 0 {
		t.Errorf("B sees %+v", of)
	}
	if strings.Contains(p.Log.String(), key.ClientSecret) || harness.Query[bool](p.Portal, `select exists (select from platform.audit_log where detail::text like '%' || $1 || '%')`, key.ClientSecret) {
		t.Error("the secret is in a log")
	}

	// It works, and whoever has only half of it learns nothing.
	p.Show(key).Want(t, http.StatusOK)
	if keys = list(admin); keys[0].LastUsedAt == nil {
		t.Error("its use is not stamped")
	}
	foreign := p.NewServiceKey(harness.CompanyB, "events")
	refused := p.Show(harness.ServiceKey{ClientID: key.ClientID, ClientSecret: "portal_sk_x"}).Problem(t, http.StatusUnauthorized).Detail
	for name, wrong := range map[string]harness.ServiceKey{
		"another's name": {ClientID: foreign.ClientID, ClientSecret: key.ClientSecret}, "another's secret": {ClientID: key.ClientID, ClientSecret: foreign.ClientSecret},
		"no name": {ClientSecret: key.ClientSecret}, "no secret": {ClientID: key.ClientID}, "an unknown name": {ClientID: "ZZZZ99999-1", ClientSecret: key.ClientSecret},
	} {
		if detail := p.Show(wrong).Problem(t, http.StatusUnauthorized).Detail; detail != refused {
			t.Errorf("%s: %s", name, detail)
		}
	}

	// B's Admin revokes B's and no other.
	p.Do("DELETE", "/n8n/auth/keys/"+itoa(key.KeyID), other, nil).Problem(t, http.StatusNotFound)
	p.Show(key).Want(t, http.StatusOK)
	p.Do("DELETE", "/n8n/auth/keys/"+itoa(foreign.KeyID), other, nil).Want(t, http.StatusOK)
	p.Show(foreign).Problem(t, http.StatusUnauthorized)
	p.Do("DELETE", "/n8n/auth/keys/"+itoa(key.KeyID), admin, nil).Want(t, http.StatusOK)
	p.Do("DELETE", "/n8n/auth/keys/"+itoa(key.KeyID), admin, nil).Want(t, http.StatusOK)
	if detail := p.Show(key).Problem(t, http.StatusUnauthorized).Detail; detail != refused {
		t.Errorf("revoked: %s", detail)
	}
	if keys = list(admin); !keys[0].Revoked {
		t.Errorf("%+v", keys)
	}
	var actions []string
	for _, e := range p.AuditLog("customer_id = $1", harness.CompanyA) {
		actions = append(actions, *e.Action+" by "+*e.Actor)
	}
	if diff := cmp.Diff([]string{"service_key.made by Admin One", "service_key.revoked by Admin One", "service_key.revoked by Admin One"}, actions); diff != "" {
		t.Error(diff)
	}
}

func TestServiceKeys_WhoMakesThemAndOfWhatScope(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	body := map[string]any{"name": "n8n", "scopes": []string{"events"}}
	for _, role := range harness.Roles[1:] {
		p.Do("POST", "/n8n/auth/keys", p.Token(harness.CompanyA, role), body).Problem(t, http.StatusForbidden)
		p.Do("GET", "/n8n/auth/keys", p.Token(harness.CompanyA, role), nil).Problem(t, http.StatusForbidden)
	}
	// An operator's stay has an end, a key has none.
	acting := p.ActingToken()
	p.Do("POST", "/n8n/auth/keys", acting, body).Problem(t, http.StatusForbidden)
	p.Do("GET", "/n8n/auth/keys", acting, nil).Want(t, http.StatusOK)
	admin := p.Token(harness.CompanyA, auth.Admin)
	for name, scopes := range map[string]any{"unknown": []string{"everything"}, "none": []string{}, "twice": []string{"events", "events"}, "no list": "events"} {
		if a := p.Do("POST", "/n8n/auth/keys", admin, map[string]any{"name": "n8n", "scopes": scopes}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.service_tokens`); n != 0 {
		t.Errorf("%d keys", n)
	}
}

// A service is in one company, is nobody, and may do what its key names and nothing else.
func TestServices_DoWhatTheirScopesSay(t *testing.T) {
	t.Parallel()
	p := newServed(t)
	for company, want := range map[string]int{harness.CompanyA: 3, harness.CompanyB: 3} {
		key := p.NewServiceKey(company, "events")
		var access struct {
			AccessToken string `json:"access_token"`
			ExpiresIn   int    `json:"expires_in"`
			Scopes      []string
		}
		p.Show(key).Want(t, http.StatusOK).JSON(t, &access)
		claims := harness.ClaimsOf(t, access.AccessToken)
		if access.ExpiresIn != 900 || claims["exp"].(float64)-claims["iat"].(float64) != 900 || claims["role"] != auth.Service || claims["scope"] != "events" || claims["email"] != "" || claims["customer_id"] != company {
			t.Errorf("%+v, %v", access, claims)
		}
		var seen inside
		p.Do("GET", "/test/inside", access.AccessToken, nil).Want(t, http.StatusOK).JSON(t, &seen)
		if diff := cmp.Diff(inside{Customer: company, Person: "service " + itoa(key.KeyID), Actor: "Robot", Nobody: true, Own: want}, seen); diff != "" {
			t.Error(diff)
		}
		p.Do("POST", "/test/inside", access.AccessToken, nil).Problem(t, http.StatusForbidden)
		p.Do("POST", "/test/inside", p.ServiceToken(company, "error-report"), nil).Want(t, http.StatusOK)
		p.Do("GET", "/test/inside", p.ServiceToken(company, "error-report"), nil).Problem(t, http.StatusForbidden)
		// A scope is a service's: people have none, whatever their role.
		for _, role := range harness.Roles {
			p.Do("GET", "/test/inside", p.Token(company, role), nil).Problem(t, http.StatusForbidden)
		}
	}
	p.Do("GET", "/test/inside", p.ActingToken(), nil).Problem(t, http.StatusForbidden)
	p.Do("GET", "/test/inside", p.Token("", auth.SuperAdmin), nil).Problem(t, http.StatusForbidden)
	p.Do("GET", "/test/inside", "", nil).Problem(t, http.StatusUnauthorized)
}

// Whatever is no service's, a service with every scope is refused.
func TestServices_DoNothingOfAPersons(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token, tried := p.ServiceToken(harness.CompanyA, harness.Scopes...), 0
	for _, op := range harness.ReadDocument(t, p.Portal) {
		if op.Public() || op.Scope != "" {
			continue
		}
		tried++
		a := p.Do(op.Method, pathParameter.ReplaceAllString(op.Path, "1"), token, nil)
		if a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), "not for services") {
			t.Errorf("%s: %d, want 403: %s", op, a.Status, a.Body)
		}
	}
	if tried < 100 {
		t.Errorf("%d operations were tried", tried)
	}
}

// A key that is revoked ends what came in by it with the statement, and no other's.
func TestServices_EndWithTheirKeyAndTheirTime(t *testing.T) {
	t.Parallel()
	p := newServed(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	token := func(key harness.ServiceKey) string {
		var access struct {
			AccessToken string `json:"access_token"`
		}
		p.Show(key).Want(t, http.StatusOK).JSON(t, &access)
		return access.AccessToken
	}
	look := func(token string, status int) {
		t.Helper()
		p.Do("GET", "/test/inside", token, nil).Want(t, status)
	}
	key, sister, foreign := p.NewServiceKey(harness.CompanyA, "events"), p.NewServiceKey(harness.CompanyA, "events"), p.NewServiceKey(harness.CompanyB, "events")
	first, second, others, theirs := token(key), token(key), token(sister), token(foreign)
	look(first, http.StatusOK)
	look(second, http.StatusOK)
	p.Do("DELETE", "/n8n/auth/keys/"+itoa(key.KeyID), admin, nil).Want(t, http.StatusOK)
	look(first, http.StatusUnauthorized)
	look(second, http.StatusUnauthorized)
	look(others, http.StatusOK)
	look(theirs, http.StatusOK)
	if live := harness.Query[int](p.Portal, `select count(*) from platform.sessions where service_token_id = $1 and revoked_at is null`, key.KeyID); live != 0 {
		t.Errorf("%d sessions of the key live on", live)
	}

	p.Exec(`update platform.sessions set created_at = now() - interval '2 hours', expires_at = now() - interval '1 second' where service_token_id = $1`, sister.KeyID)
	look(others, http.StatusUnauthorized)
	look(token(sister), http.StatusOK)

	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyB)
	look(theirs, http.StatusForbidden)
	p.Show(foreign).Problem(t, http.StatusForbidden)
}

// What a service writes stands in the log under its key, and comes once for one Idempotency-Key.
func TestServices_AreRecordedAndRepeat(t *testing.T) {
	t.Parallel()
	p := newServed(t)
	token := p.ServiceToken(harness.CompanyA, "error-report")
	send := func() harness.Answer {
		return p.Ask("POST", "/test/inside", token, map[string]string{endpoint.KeyHeader: "once"}).Want(t, http.StatusOK)
	}
	if first, second := send(), send(); string(first.Body) != string(second.Body) {
		t.Errorf("%s, then %s", first.Body, second.Body)
	}
	entries := p.Entries("test.done")
	if len(entries) != 1 || *entries[0].Actor != "Robot" || *entries[0].Role != auth.Service || entries[0].UserID != nil || entries[0].OperatorID != nil {
		t.Errorf("%+v", entries)
	}
	if !strings.Contains(p.Log.String(), `"service":`) {
		t.Error("the access log does not say which service")
	}
	var shown []struct {
		Action         string
		ActorServiceID *int64 `json:"actor_service_id"`
	}
	p.Do("GET", "/api/audit-log/?action=test", p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &shown)
	if len(shown) != 1 || shown[0].ActorServiceID == nil {
		t.Errorf("%+v", shown)
	}
}
