package moving

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving"
	"contractor-portal/server/auth"
	"contractor-portal/server/vault"
)

// sealedFor is a fresh keyset for an archive's secrets.
func sealedFor(t *testing.T) *vault.Vault {
	t.Helper()
	keyset, err := vault.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	return vault.New(func() []byte { return keyset })
}

// Secrets travel sealed for whoever has the archive's keyset, and only who has it brings them in: then the company's keys
// of other services open in their new place, also those of a person who has another id there, and passwords go on.
func TestSecrets_Travel(t *testing.T) {
	t.Parallel()
	const other, companys, persons = "CPYY44444", "owm-key-of-the-company-1234", "owm-key-of-a-person-5678"
	p := full(t)
	here, archive := harness.VaultOf(p.Keys), sealedFor(t)
	user := harness.Query[int64](p, `select id from portal.users where customer_id = $1 and role = 'Manager'`, harness.CompanyA)
	for secret, of := range map[string]*int64{companys: nil, persons: &user} {
		sealed, err := here.Seal(vault.Place{Customer: harness.CompanyA, Table: "api_keys", Column: "key_ciphertext", Name: "openweather_api_key", User: of}, secret)
		if err != nil {
			t.Fatal(err)
		}
		p.Exec(`delete from portal.api_keys where customer_id = $1 and key_name = 'openweather_api_key' and user_id is not distinct from $2`, harness.CompanyA, of)
		p.Exec(`insert into portal.api_keys (customer_id, key_name, user_id, key_ciphertext) values ($1, 'openweather_api_key', $2, $3)`, harness.CompanyA, of, sealed)
	}
	// What else is there was sealed by nobody: rows that the catalogue made.
	p.Exec(`delete from portal.api_keys where key_name <> 'openweather_api_key'`)
	p.Exec(`delete from portal.jobber_auth`)
	p.Exec(`delete from portal.quickbooks_auth`)

	dir, m := exported(t, p, harness.CompanyA, moving.ExportOptions{Secrets: &moving.Secrets{Open: here, Seal: archive}})
	hash := harness.Query[string](p, `select password_hash from platform.logins where (customer_id, user_id) = ($1, $2)`, harness.CompanyA, user)
	for _, f := range m.Tables {
		for _, secret := range []string{companys, persons, hash} {
			if bytes.Contains(read(t, dir, f.Table+".jsonl"), []byte(secret)) {
				t.Errorf("%.12s… stands in %s", secret, f.Table)
			}
		}
	}
	restore := func(s *moving.Secrets) error {
		_, err := moving.Restore(t.Context(), databaseURL(p), dir, moving.RestoreOptions{As: other, Secrets: s})
		return err
	}
	if err := restore(nil); err == nil || !strings.Contains(err.Error(), "the archive has secrets") {
		t.Errorf("without a keyset: %v", err)
	}
	if err := restore(&moving.Secrets{Open: sealedFor(t), Seal: here}); !errors.Is(err, vault.ErrUnknownKey) && !errors.Is(err, vault.ErrNotOpened) {
		t.Errorf("with another keyset: %v", err)
	}
	if n := harness.Query[int](p, `select count(*) from platform.customers where customer_id = $1`, other); n != 0 {
		t.Error("half a customer is there")
	}
	if err := restore(&moving.Secrets{Open: archive, Seal: here}); err != nil {
		t.Fatal(err)
	}
	there := harness.Query[int64](p, `select id from portal.users where customer_id = $1 and role = 'Manager'`, other)
	if there == user {
		t.Error("the person has the same id in two customers")
	}
	for secret, of := range map[string]*int64{companys: nil, persons: &there} {
		sealed := harness.Query[[]byte](p, `select key_ciphertext from portal.api_keys where customer_id = $1 and user_id is not distinct from $2`, other, of)
		text, err := here.Open(vault.Place{Customer: other, Table: "api_keys", Column: "key_ciphertext", Name: "openweather_api_key", User: of}, sealed)
		if err != nil || text != secret {
			t.Errorf("the key of %v is %q (%v), want %q", of, text, err, secret)
		}
	}
	form := url.Values{"username": {harness.Email(harness.CompanyA, auth.Manager)}, "password": {harness.Password}, "customer_id": {other}}
	p.Do("POST", "/api/login/", "", form).Want(t, http.StatusOK)
}
