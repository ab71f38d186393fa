package endpoint

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/db"
)

// A Consultation serves an operation for which another company is asked. It opens its units of work itself and waits
// between them: within one, package outbound refuses to call. What it writes it records itself (auth.Record).
type Consultation[I, O any] func(ctx context.Context, work Work, in *I) (O, error)

// Work opens units of work inside the caller's customer.
type Work struct{ api API }

// Read runs fn READ ONLY.
func (w Work) Read(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return w.api.read(ctx, fn)
}

// Write runs fn in one transaction.
func (w Work) Write(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return w.api.write(ctx, fn)
}

// Consult registers a Consultation. It is taken to write, by GET too: what was learned is kept, or who leaves is noted.
func Consult[I, O any](api API, method, path, id, summary string, h Consultation[I, O], roles Roles, options ...Option) {
	Direct(api, method, path, id, summary, func(ctx context.Context, in *I) (O, error) {
		return h(ctx, Work{api}, in)
	}, roles, append(options, asksOthers, writes)...)
}

// writes marks a GET that writes: it must go to a database that can be written to.
func writes(op *huma.Operation) {
	if op.Method == http.MethodGet {
		extend(op, "x-writes", true)
	}
}

// asksOthers documents how another company can fail.
func asksOthers(op *huma.Operation) {
	op.Errors = append(op.Errors, http.StatusBadGateway, http.StatusGatewayTimeout)
}
