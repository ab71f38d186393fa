package endpoint

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// Platform registers an operation of operators in a unit of work outside of any customer, also for
// one who acts inside a customer and leaves it. GET runs READ ONLY.
func Platform[I, O any](api API, method, path, id, summary string, h Handler[I, O], roles Roles, options ...Option) {
	register(api, method, path, id, summary, onPlatform(api, h, method == http.MethodGet), roles, options)
}

// PlatformThen is Platform for a write that has more to do than an operator may, such as inside of a customer: then runs
// when the write is committed, and completes the answer, which tells what became of it.
func PlatformThen[I, O any](api API, method, path, id, summary string, h Handler[I, O], then func(context.Context, *O), roles Roles, options ...Option) {
	h = audited(h, auth.RecordOnPlatform)
	register(api, method, path, id, summary, func(ctx context.Context, in *I) (*body[O], error) {
		var out *O
		err := api.platformWrite(ctx, func(ctx context.Context, tx db.Tx) error {
			out = nil // a unit of work may be done twice
			return once(ctx, tx, func() (any, error) {
				answer, err := h(ctx, tx, in)
				out = &answer
				return answer, err
			})
		})
		if err != nil || out == nil { // or it is the answer to a repeat
			return &body[O]{}, err
		}
		then(ctx, out)
		return &body[O]{}, exchangeOf(ctx).encode(*out)
	}, roles, options)
}

// PlatformList is List for operators outside of any customer.
func PlatformList[I, T any](api API, path, id, summary string, h Lister[I, T], roles Roles, options ...Option) {
	register(api, http.MethodGet, path, id, summary, listing(h, api.platformRead), roles, append(options, windowed[I]))
}

// PlatformInTurn is Platform for a read that keeps PostgreSQL busy: one of them is done at a time, and who waits for
// his turn holds no connection. then runs when the connection is back, and completes the answer by what lies elsewhere.
func PlatformInTurn[I, O any](api API, path, id, summary string, h Handler[I, O], then func(*O), roles Roles, options ...Option) {
	within := api.inTurn(api.platformRead)
	register(api, http.MethodGet, path, id, summary, func(ctx context.Context, in *I) (*body[O], error) {
		var out O
		err := within(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			out, err = h(ctx, tx, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		then(&out)
		return &body[O]{}, exchangeOf(ctx).encode(out)
	}, roles, append(options, func(op *huma.Operation) { op.Middlewares = append(op.Middlewares, api.enterFirst) }))
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
