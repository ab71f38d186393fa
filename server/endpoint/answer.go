package endpoint

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"contractor-portal/db"
)

// maxAnswer is how large an answer may be in bytes. Files may be larger.
const maxAnswer = 32 << 20

// An exchange is a request on its way to its answer.
type exchange struct {
	api     API
	request echo.Context
	op      *huma.Operation
	key     string       // Idempotency-Key, or ""
	body    bytes.Buffer // as it was read, where there is a key
	answer  *File

	shown    string // the token that came
	byCookie bool   // and came in a cookie
}

type exchangeKey struct{}

// exchangeOf is nil where ctx is of no operation.
func exchangeOf(ctx interface{ Value(any) any }) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// once runs a handler in its unit of work, unless it has run for the same key before, and writes its answer
// down there: what cannot be answered is not committed.
func once(ctx context.Context, tx db.Tx, handle func() (any, error)) error {
	x := exchangeOf(ctx)
	if x.key != "" {
		if claimed, err := x.claim(ctx, tx); err != nil || !claimed {
			return err
		}
	}
	v, err := handle()
	if err == nil {
		err = x.encode(v)
	}
	if err == nil && x.key != "" {
		err = x.keep(ctx, tx, v)
	}
	return err
}

// encode makes the answer of what a handler returned.
func (x *exchange) encode(v any) error {
	f, err := encoded(v)
	if err != nil {
		return fmt.Errorf("the answer cannot be encoded: %w", err)
	}
	if f.Name == "" && len(f.Content) > maxAnswer {
		return newProblem("invalid", http.StatusUnprocessableEntity, fmt.Sprintf("the answer is larger than %d MiB; ask for fewer with limit", maxAnswer>>20))
	}
	x.answer = f
	return nil
}

// encoded is the file that is attached to v, or v as JSON, which has no name.
func encoded(v any) (*File, error) {
	if a, ok := v.(interface{ attached() *File }); ok && a.attached() != nil {
		return a.attached(), nil
	}
	var text bytes.Buffer
	err := jsonFormat.Marshal(&text, v)
	return &File{Type: "application/json", Content: text.Bytes()}, err
}

// answers is huma's API, save that answers are JSON, whatever else the client accepts, or a file, and are there
// before the first byte leaves.
type answers struct{ huma.API }

func (answers) Negotiate(string) (string, error) { return "application/json", nil }

// A departure is an answer that is sent.
type departure struct {
	*File
	request echo.Context
}

func (answers) Transform(ctx huma.Context, _ string, v any) (any, error) {
	d := departure{request: humaecho.Unwrap(ctx)}
	if _, refused := v.(*Problem); refused {
		var err error
		if d.File, err = encoded(v); err != nil {
			return nil, err
		}
	} else {
		d.File = exchangeOf(ctx.Context()).answer
	}
	if d.Type != inJSON {
		ctx.SetHeader("Content-Type", d.Type)
	}
	if d.Name != "" {
		ctx.SetHeader("Content-Disposition", `attachment; filename="`+d.Name+`"`)
	}
	if d.stream != nil {
		ctx.SetHeader("Content-Length", strconv.FormatInt(d.stream.Size, 10))
	}
	return d, nil
}

// Marshal sends the answer. Where that fails its status is out already, so the log alone can say it.
func (answers) Marshal(w io.Writer, _ string, v any) error {
	d := v.(departure)
	send := func(w io.Writer) error { _, err := w.Write(d.Content); return err }
	if d.stream != nil {
		send = d.stream.Send
	}
	if err := send(w); err != nil {
		d.request.Set(errorKey, fmt.Errorf("the answer broke off: %w", err))
	}
	return nil
}
