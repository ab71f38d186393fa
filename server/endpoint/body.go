package endpoint

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	// maxBody is how large a body may be in bytes, unless the operation says otherwise.
	maxBody = 2 << 20
	// bodyTime is how long a client may take to send it.
	bodyTime = 30 * time.Second
)

// MaxBody lets the body of an operation have so many bytes.
func MaxBody(bytes int64) Option { return func(op *huma.Operation) { op.MaxBodyBytes = bytes } }

// bodyRead ends the time for the body when it is there. net/http listens on while the handler works, and
// would take the deadline for a client who went away: work of more than bodyTime would be cancelled.
func bodyRead(ctx context.Context) {
	if x := exchangeOf(ctx); x != nil {
		_ = huma.SetReadDeadline(x.request.Response(), time.Time{}) // a recorder in a test has none
	}
}
