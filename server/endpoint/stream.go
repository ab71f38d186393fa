package endpoint

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// A Stream is a file that is sent piece by piece, so that it may be larger than what is held in memory.
type Stream struct {
	Name, Type string // as of a File
	Size       int64
	// Send writes the file. It opens units of work of its own, none of which lasts while the client takes its time. What it
	// fails with breaks the connection: the client knows by the size that the file is not whole.
	Send func(w io.Writer) error
}

// Download registers a GET whose answer is a Stream of a type (media type without parameters). Since asking for one may use it
// up, nothing but GET asks: there is no HEAD. h opens its units of work itself, and records what it writes itself (auth.Record).
func Download[I any](api API, path, id, summary, kind string, h func(context.Context, Work, *I) (*Stream, error), roles Roles, options ...Option) {
	Direct(api, http.MethodGet, path, id, summary, func(ctx context.Context, in *I) (out download, err error) {
		s, err := h(ctx, Work{api}, in)
		if err == nil {
			out.Attach(&File{Name: s.Name, Type: s.Type, stream: s})
		}
		return out, err
	}, roles, append(options, files([]string{kind}), streams, writes)...)
}

func streams(op *huma.Operation) { op.Metadata = with(op.Metadata, "streams", true) }

// Accepted has an operation answer 202: what was asked for is done later, by a job.
func Accepted(op *huma.Operation) { op.DefaultStatus = http.StatusAccepted }
