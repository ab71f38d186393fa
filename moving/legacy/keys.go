package legacy

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"contractor-portal/server/vault"
)

// No reason and no note of a row in here says anything of a secret.

var keyName = regexp.MustCompile(`^[a-z0-9_]{1,100}$`)

var apiKeys = step{
	from: []string{"api_keys", "api_settings"}, into: "portal.api_keys", keeps: true,
	columns: []string{"key_name", "key_ciphertext", "key_last_four", "user_id", "created_at", "updated_at"},
	free:    []string{"key_ciphertext"},
	make: func(p *pass, r *row) []any {
		name := strings.ToLower(stringOr(r.line("key_name", 255)))
		if !keyName.MatchString(name) {
			r.refused("key_name: ‹%s› is none", shown(name))
		}
		secret, _ := r.raw("key_value")
		secret = strings.TrimSpace(secret)
		if secret == "" {
			r.refused("key_value: none")
		}
		var user *int64
		if r.number("user_id") != 0 {
			user = new(r.must("user_id", "users"))
		}
		sealed := p.sealed(r, vault.Place{Customer: p.id, Table: "api_keys", Column: "key_ciphertext", Name: name, User: user}, secret)
		return []any{name, sealed, vault.LastFour(secret), user, r.since(p.now, "created_at", "updated_at"), r.since(p.now, "updated_at", "created_at")}
	},
	once: &once{
		here: `select key_name || ' ' || coalesce(user_id, 0), id from portal.api_keys`,
		key: func(v []any) string {
			if user := v[3].(*int64); user != nil {
				return pair(v[0], *user)
			}
			return pair(v[0], 0)
		},
	},
}

// sealed is a secret as it may be stored in a place.
func (p *pass) sealed(r *row, at vault.Place, secret string) []byte {
	if r.refuse != "" {
		return nil
	}
	if p.Vault == nil {
		r.refused("the vault has no keys here to seal it with")
		return nil
	}
	text, err := p.Vault.Seal(at, secret)
	if err != nil {
		r.refused("the vault has no keys here to seal it with")
	}
	return text
}

// tokens are those of a connection with another company; it goes on where they still hold, and is made anew otherwise.
func (p *pass) tokens(r *row, table string) (access, refresh []byte, until time.Time) {
	first, _ := r.raw("access_token")
	second, _ := r.raw("refresh_token")
	if first == "" || second == "" {
		r.refused("access_token, refresh_token: one is missing, so the connection must be made anew")
	}
	access = p.sealed(r, vault.Place{Customer: p.id, Table: table, Column: "access_token_ciphertext"}, first)
	refresh = p.sealed(r, vault.Place{Customer: p.id, Table: table, Column: "refresh_token_ciphertext"}, second)
	return access, refresh, r.since(p.now, "token_expires_at")
}

// only is for what a customer has one of.
func only(table string) *once {
	return &once{here: "select '1', id from " + table, key: func([]any) string { return "1" }}
}

var jobberConnection = step{
	from: []string{"jobber_credentials", "jobber_auth"}, into: "portal.jobber_auth", keeps: true,
	columns: []string{
		"access_token_ciphertext", "refresh_token_ciphertext", "token_expires_at", "scope", "account_id", "account_name", "created_at", "updated_at",
	},
	free: []string{"access_token_ciphertext", "refresh_token_ciphertext", "token_expires_at"},
	make: func(p *pass, r *row) []any {
		access, refresh, until := p.tokens(r, "jobber_auth")
		return []any{
			access, refresh, until, r.text("scope", 1000), r.line("account_id", 255), r.line("account_name", 255),
			r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: only("portal.jobber_auth"),
}

var jobberClients = step{
	from: []string{"jobber_client_mapping"}, into: "portal.jobber_client_mapping", keeps: true,
	columns: []string{"jobber_client_id", "jobber_client_name", "last_synced_at", "created_at", "updated_at"},
	free:    []string{"jobber_client_name", "last_synced_at"},
	make: func(p *pass, r *row) []any {
		return []any{
			r.needed("jobber_client_id"), r.line("jobber_client_name", 255), r.at("last_synced_at"),
			r.since(p.now, "created_at", "updated_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{here: `select jobber_client_id, id from portal.jobber_client_mapping`, key: func(v []any) string { return v[0].(string) }},
}

// needed is another company's number, without which the row says nothing.
func (r *row) needed(column string) string {
	text := r.line(column, 255)
	if text == nil {
		r.refused("%s: none", column)
	}
	return stringOr(text)
}

var jobberProperties = step{
	from: []string{"jobber_property_mapping"}, into: "portal.jobber_property_mapping", keeps: true,
	columns: []string{
		"jobber_client_id", "jobber_property_id", "jobber_property_address", "property_id", "sync_enabled", "auto_create_property", "last_synced_at",
		"created_at", "updated_at",
	},
	free: []string{"jobber_property_address", "last_synced_at"},
	make: func(p *pass, r *row) []any {
		return []any{
			r.line("jobber_client_id", 255), r.needed("jobber_property_id"), r.text("jobber_property_address", 1000), r.ref("property_id", "locations"),
			r.flag("sync_enabled", true), r.flag("auto_create_property", false), r.at("last_synced_at"),
			r.since(p.now, "created_at", "updated_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{here: `select jobber_property_id, id from portal.jobber_property_mapping`, key: func(v []any) string { return v[1].(string) }},
}

var jobberSyncs = step{
	from: []string{"jobber_sync_logs"}, into: "portal.jobber_sync_logs", keeps: true,
	columns: []string{
		"sync_type", "status", "items_processed", "items_created", "items_updated", "items_skipped", "error_message", "started_at", "completed_at",
		"created_at", "updated_at",
	},
	make: func(p *pass, r *row) []any {
		status := r.choice("status", "failed", "started", "completed", "failed")
		if status == "started" {
			r.change("status: nothing runs it here, now failed")
			status = "failed"
		}
		count := func(column string) int64 {
			if n := r.whole(column); n != nil {
				return *n
			}
			return 0
		}
		return []any{
			r.choice("sync_type", "full", "clients", "properties", "full"), status, count("items_processed"), count("items_created"),
			count("items_updated"), count("items_skipped"), r.text("error_message", 10_000), r.since(p.now, "started_at", "created_at"), r.at("completed_at"),
			r.since(p.now, "created_at", "started_at"), r.since(p.now, "updated_at", "completed_at", "started_at"),
		}
	},
}

var booksConnection = step{
	from: []string{"quickbooks_credentials", "quickbooks_auth"}, into: "portal.quickbooks_auth", keeps: true,
	columns: []string{"realm_id", "access_token_ciphertext", "refresh_token_ciphertext", "token_expires_at", "created_at", "updated_at"},
	free:    []string{"access_token_ciphertext", "refresh_token_ciphertext", "token_expires_at"},
	make: func(p *pass, r *row) []any {
		access, refresh, until := p.tokens(r, "quickbooks_auth")
		return []any{r.needed("realm_id"), access, refresh, until, r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at")}
	},
	once: only("portal.quickbooks_auth"),
}

var booksCustomers = step{
	from: []string{"quickbooks_customer_mapping"}, into: "portal.quickbooks_customer_mapping", keeps: true,
	columns: []string{"property_id", "quickbooks_customer_id", "quickbooks_display_name", "created_at", "updated_at"},
	make: func(p *pass, r *row) []any {
		return []any{
			r.must("property_id", "locations"), r.needed("quickbooks_customer_id"), r.line("quickbooks_display_name", 255),
			r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{here: `select property_id::text, id from portal.quickbooks_customer_mapping`, key: func(v []any) string { return fmt.Sprint(v[0]) }},
}

var invoices = step{
	from: []string{"quickbooks_invoices"}, into: "portal.quickbooks_invoices", keeps: true,
	columns: []string{
		"property_id", "winter_event_id", "quickbooks_invoice_id", "quickbooks_invoice_number", "total_amount", "status", "created_by", "created_at", "updated_at",
	},
	make: func(p *pass, r *row) []any {
		number := r.line("quickbooks_invoice_id", 255)
		status := r.choice("status", "sent", "pending", "sent", "failed")
		// Nobody here has asked for it, so nobody waits for its answer.
		if status == "pending" || status == "sent" && number == nil {
			r.change("status: %s without an answer of QuickBooks, now failed", status)
			status = "failed"
		}
		return []any{
			r.must("property_id", "locations"), r.must("winter_event_id", "winter_events"), number, r.line("quickbooks_invoice_number", 100),
			decimal(r.quantity("total_amount"), 2), status, r.ref("created_by", "users"), r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{
		here: `select property_id || ' ' || winter_event_id, id from portal.quickbooks_invoices`,
		key:  func(v []any) string { return pair(v[0], v[1]) },
	},
}
