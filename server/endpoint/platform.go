package endpoint

import (
	"context"
	"net/http"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// Platform registers an operation of operators in a unit of work outside of any customer, also for
// one who acts inside a customer and leaves it. GET runs READ ONLY.
func Platform[I, O any](api API, method, path, id, summary string, h Handler[I, O], roles Roles, options ...Option) {
	register(api, method, path, id, summary, onPlatform(api, h, method == http.MethodGet), roles, options)
}

// PlatformList is List for operators outside of any customer.
func PlatformList[I, T any](api API, path, id, summary string, h Lister[I, T], roles Roles, options ...Option) {
	register(api, http.MethodGet, path, id, summary, listing(h, api.platformRead), roles, append(options, windowed[I]))
}

// Anonymous registers a public read in a unit of work before any customer is known: tenant tables are
// empty to it.
func Anonymous[I, O any](api API, path, id, summary string, h Handler[I, O], options ...Option) {
	register(api, http.MethodGet, path, id, summary, answering(h, func(ctx context.Context, fn func(context.Context, db.Tx) error) error {
		return api.db.Auth(ctx, nil, fn)
	}), Public, options)
}

func onPlatform[I, O any](api API, h Handler[I, O], read bool) func(context.Context, *I) (*body[O], error) {
	if read {
		return answering(h, api.platformRead)
	}
	return answering(audited(h, auth.RecordOnPlatform), api.platformWrite)
}

func (api API) platformRead(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return api.db.PlatformRead(ctx, Caller(ctx), fn)
}

func (api API) platformWrite(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return api.db.PlatformWrite(ctx, Caller(ctx), fn)
}
