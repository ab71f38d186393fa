package endpoint

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/db"
)

// Report registers a read that is told by a body what to read: it is a POST, but READ ONLY, and nothing is kept for a
// repeat. All its statements see one picture (db.Snapshot).
func Report[I, O any](api API, path, id, summary string, h Handler[I, O], roles Roles, options ...Option) {
	register(api, http.MethodPost, path, id, summary, answering(h, api.snapshot), roles, append(options, reads))
}

// Export registers a Report whose answer is a file, of one of the types (media types without parameters). It is made as a
// whole before the answer begins. Only some are made at once: each takes a processor.
// ask, unless it is nil, asks other companies before that, and writes what it learned into the input.
func Export[I any](api API, path, id, summary string, types []string, ask func(context.Context, Work, *I) error, h Handler[I, *File], roles Roles, options ...Option) {
	file := func(ctx context.Context, tx db.Tx, in *I) (out download, err error) {
		f, err := h(ctx, tx, in)
		out.Attach(f)
		return out, err
	}
	whole := answering(file, api.inTurn(api.snapshot))
	register(api, http.MethodPost, path, id, summary, func(ctx context.Context, in *I) (*body[download], error) {
		if ask != nil {
			if err := ask(ctx, Work{api}, in); err != nil {
				return nil, err
			}
		}
		return whole(ctx, in)
	}, roles, append(options, reads, files(types), func(op *huma.Operation) {
		op.Middlewares = append(op.Middlewares, api.enterFirst)
	}))
}

// Text registers a read whose answer is a text for people, and no JSON.
func Text[I any](api API, path, id, summary string, h Handler[I, string], roles Roles, options ...Option) {
	const kind = "text/plain"
	text := func(ctx context.Context, tx db.Tx, in *I) (out download, err error) {
		said, err := h(ctx, tx, in)
		out.Attach(&File{Type: kind + "; charset=utf-8", Content: []byte(said)})
		return out, err
	}
	register(api, http.MethodGet, path, id, summary, answering(text, api.read), roles, append(options, files([]string{kind})))
}

// A download is an answer that is a file and never JSON.
type download struct{ Attached }

func (api API) snapshot(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return api.db.Snapshot(ctx, Caller(ctx), fn)
}

// inTurn works when it is the company's turn. The waiting is over before a connection is taken.
func (api API) inTurn(within worker) worker {
	return func(ctx context.Context, fn func(context.Context, db.Tx) error) error {
		leave, err := api.exports.Enter(ctx, Caller(ctx).CustomerID())
		if errors.Is(err, context.DeadlineExceeded) {
			return &db.Refusal{Kind: db.ErrCrowded}
		}
		if err != nil {
			return err
		}
		defer leave()
		return within(ctx, fn)
	}
}

// reads marks an operation that changes nothing, whatever its method says.
func reads(op *huma.Operation) { extend(op, "x-reads", true) }

// files says in the document that an operation answers a file of one of these types.
func files(types []string) Option {
	return func(op *huma.Operation) { op.Metadata = with(op.Metadata, "files", types) }
}

func documentFiles(op *huma.Operation, types []string) {
	answer := &huma.Response{Description: "The file, whole.", Content: map[string]*huma.MediaType{}}
	for _, t := range types {
		answer.Content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	op.Responses["200"] = answer
}
