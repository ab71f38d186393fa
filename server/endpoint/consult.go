package endpoint

import (
	"context"
	"net/http"

	"contractor-portal/db"
)

// Consult registers a write that needs the answer of something else than the database. It runs in three
// steps: read gathers what the question is, ask waits for the answer while no connection is held, write
// acts on it in one transaction. What was read may have changed by then; write sees to it.
func Consult[I, S, O any](api API, path, id, summary string,
	read func(context.Context, db.Tx, *I) (S, error), ask func(context.Context, S) (S, error), write func(context.Context, db.Tx, S) (O, error),
	roles Roles, options ...Option,
) {
	register(api, http.MethodPost, path, id, summary, func(ctx context.Context, in *I) (*body[O], error) {
		var state S
		err := api.db.Read(ctx, Caller(ctx), func(ctx context.Context, tx db.Tx) (err error) {
			state, err = read(ctx, tx, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		if state, err = ask(ctx, state); err != nil {
			return nil, err
		}
		act := func(ctx context.Context, tx db.Tx, _ *I) (O, error) { return write(ctx, tx, state) }
		return inTenant(api, act, false)(ctx, in)
	}, roles, options)
}
