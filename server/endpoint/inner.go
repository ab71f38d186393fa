package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"contractor-portal/db"
)

// An inner call is one that the portal makes in this process for the caller of another.

// Ask calls an operation of this API as the caller of ctx, in his session and in units of work of his own: the same
// roles, checks and limits hold as for a request that he sends himself. Where it writes, that stands in the audit log,
// with by whose hand. The answer is JSON, a problem where the status is 400 or above. Within a unit of work there is no
// asking.
func (w Work) Ask(ctx context.Context, hand, method, target string, body any) (status int, answer []byte, err error) {
	if db.Inside(ctx) {
		return 0, nil, errors.New("an operation was called within a unit of work: ask between two of them")
	}
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	outer := exchangeOf(ctx).request
	if body == nil {
		text = nil
	}
	inner, err := http.NewRequestWithContext(context.WithValue(ctx, handKey{}, hand), method, target, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		inner.Header.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	}
	inner.RemoteAddr, inner.Host = outer.Request().RemoteAddr, outer.Request().Host
	inner.Header.Set(echo.HeaderAuthorization, "Bearer "+exchangeOf(ctx).shown)
	inner.Header.Set(echo.HeaderXRequestID, requestID(outer))
	heard := &innerAnswer{header: http.Header{}, status: http.StatusOK}
	w.api.huma.Adapter().ServeHTTP(heard, inner)
	return heard.status, heard.body.Bytes(), ctx.Err()
}

type handKey struct{}

// handOf is by whose hand the caller acts; "" is his own.
func handOf(ctx context.Context) string {
	hand, _ := ctx.Value(handKey{}).(string)
	return hand
}

// An innerAnswer is written to as a connection is.
type innerAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *innerAnswer) Header() http.Header            { return a.header }
func (a *innerAnswer) WriteHeader(status int)         { a.status = status }
func (a *innerAnswer) Write(text []byte) (int, error) { return a.body.Write(text) }
