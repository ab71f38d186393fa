package server

import (
	"context"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/vault"
)

// wellness registers the operation that says whether the portal is well.
func wellness(api endpoint.API, ready *readiness) {
	endpoint.Direct(api, http.MethodGet, "/api/health", "getHealth", "Is the portal well?", func(ctx context.Context, _ *endpoint.None) (h Health, err error) {
		if missing := ready.missing(ctx); missing != "" {
			return h, endpoint.Unavailable(missing)
		}
		return Health{Status: "ok", Version: Version(), Database: "ok"}, nil
	}, endpoint.Public, endpoint.Describe("503 says what is missing: the database, its newest schema, an audit without errors, or a standby that keeps up."))
}

// Health is a portal that is well.
type Health struct {
	Status   string `json:"status" example:"ok"`
	Version  string `json:"version" doc:"Of the program."`
	Database string `json:"database" example:"ok"`
}

// Version is what the program was built from.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// Readiness is the answer of /healthz and /readyz.
type Readiness struct {
	Status string `json:"status"` // ready, or what is missing
	// The key with which this server seals, and those that it knows.
	VaultKey  uint32   `json:"vault_key,omitempty"`
	VaultKeys []uint32 `json:"vault_keys,omitempty"`
}

// health serves /healthz (the process is alive) and /readyz (database reachable, schema as expected,
// audit without an error, a standby that keeps up).
func health(e *echo.Echo, ready *readiness, v *vault.Vault) {
	get(e, "/healthz", func(c echo.Context) error { return c.JSON(http.StatusOK, Readiness{Status: "alive"}) })
	get(e, "/readyz", func(c echo.Context) error {
		r, status := Readiness{Status: "ready"}, http.StatusOK
		if missing := ready.missing(c.Request().Context()); missing != "" {
			r.Status, status = missing, http.StatusServiceUnavailable
		}
		r.VaultKey, r.VaultKeys, _ = v.Keys() // without a vault it is ready for all but storing keys
		return c.JSON(status, r)
	})
}

// Unready says why the database cannot be served from, or "".
func Unready(ctx context.Context, d *db.DB, version int32) string {
	state, err := d.State(ctx)
	switch {
	case err != nil:
		return "the database cannot be reached or is not installed; run portal migrate"
	case state.SchemaVersion != version:
		return "the schema has another version than this program; run portal migrate"
	case state.Errors > 0:
		return "the audit has error-level findings; run portal audit"
	}
	return ""
}

// lagging says that the standby from which is read is behind, or "".
func lagging(ctx context.Context, d *db.DB) string {
	if lags, err := d.Lags(ctx); err != nil || lags {
		return "the standby is behind its primary"
	}
	return ""
}
