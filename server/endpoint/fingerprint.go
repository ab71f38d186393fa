package endpoint

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"time"

	"contractor-portal/db"
)

// Fingerprint is a hash of what the caller submits. Equal values of the same caller have the same one, and times that
// are the same instant are equal.
func Fingerprint(ctx context.Context, submitted db.Args) ([]byte, error) {
	p, values := Caller(ctx), maps.Clone(submitted)
	for name, value := range values {
		if at, ok := value.(*time.Time); ok && at != nil {
			values[name] = at.UTC()
		}
	}
	text, err := json.Marshal([]any{p.UserID(), p.OperatorID(), values})
	h := sha256.Sum256(text)
	return h[:], err
}
