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
	register(api, http.MethodGet, path, id, summary, listing(h, func(ctx context.Context, fn func(context.Context, db.Tx) error) error {
		return api.db.PlatformRead(ctx, Caller(ctx), fn)
	}), roles, options)
}

// Anonymous registers a public read in a unit of work before any customer is known: tenant tables are
// empty to it.
func Anonymous[I, O any](api API, path, id, summary string, h Handler[I, O], options ...Option) {
	register(api, http.MethodGet, path, id, summary, func(ctx context.Context, in *I) (*body[O], error) {
		out := &body[O]{}
		err := api.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
			out.Body, err = h(ctx, tx, in)
			return err
		})
		return out, err
	}, Public, options)
}

func onPlatform[I, O any](api API, h Handler[I, O], read bool) func(context.Context, *I) (*body[O], error) {
	work := api.db.PlatformRead
	if !read {
		work, h = api.db.PlatformWrite, audited(h, auth.RecordOnPlatform)
	}
	return func(ctx context.Context, in *I) (*body[O], error) {
		out := &body[O]{}
		err := work(ctx, Caller(ctx), func(ctx context.Context, tx db.Tx) (err error) {
			out.Body, err = h(ctx, tx, in)
			return err
		})
		return out, err
	}
}
