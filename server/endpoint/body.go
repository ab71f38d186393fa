package endpoint

import (
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
