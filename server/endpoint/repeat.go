package endpoint

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/db"
)

// KeyHeader names the header by which a client tells that a request is one that it has sent before.
const KeyHeader = "Idempotency-Key"

// maxKept is how large an answer may be in bytes to be kept for a repeat.
const maxKept = 64 << 10

var keyForm = regexp.MustCompile(`^[!-~]{1,255}$`)

// keyParameter is what the document says of the header, once for all operations.
var keyParameter = &huma.Param{
	Name: KeyHeader, In: "header",
	Description: "A text of your own that names this call, such as a UUID. When the call comes again with it within 24 hours, " +
		"nothing is done a second time, and the answer is the first one.",
	Schema: &huma.Schema{Type: huma.TypeString, MinLength: new(1), MaxLength: new(255), Pattern: keyForm.String()},
}

// Secret marks an operation whose answer holds what nobody may read twice. A repeat of it is told that it was done.
func Secret(op *huma.Operation) { op.Metadata = with(op.Metadata, "secret", true) }

// Final marks an operation that ends the session it is called with: nobody enters with it afterwards, so no key can be taken.
func Final(op *huma.Operation) { op.Metadata = with(op.Metadata, "final", true) }

// Keyed makes an operation take the header: each write of a person does, but a Call only where it writes by Writing.
func Keyed(op *huma.Operation) { op.Metadata = with(op.Metadata, "keyed", true) }

// Writing makes the unit of work in which a Call writes, and what it will answer is kept: the caller's own, in his company
// or, for an operator outside of any, on the platform.
func Writing(answer any) func(context.Context, func(context.Context, db.Tx) error) error {
	return func(ctx context.Context, fn func(context.Context, db.Tx) error) error {
		within := exchangeOf(ctx).api.write
		if Caller(ctx).Outside() {
			within = exchangeOf(ctx).api.platformWrite
		}
		return within(ctx, func(ctx context.Context, tx db.Tx) error {
			return once(ctx, tx, func() (any, error) { return answer, fn(ctx, tx) })
		})
	}
}

// Anew has a Call that wrote by Writing answer what it returns, which it has waited for. A repeat gets what was written.
func Anew(ctx context.Context) { exchangeOf(ctx).answer = nil }

// documentKey says in the document that an operation takes the header. What its answer must not be kept of has to
// be marked.
func documentKey(c *huma.Components, op *huma.Operation, answer reflect.Type) {
	if secret := secretIn(answer, map[reflect.Type]bool{}); secret != "" && op.Metadata["secret"] != true {
		panic("its answer has the field " + secret + ", and would be kept for a repeat: say endpoint.Secret")
	}
	c.Parameters = map[string]*huma.Param{"IdempotencyKey": keyParameter}
	op.Parameters = append(op.Parameters, &huma.Param{Ref: "#/components/parameters/IdempotencyKey"})
}

var secretName = regexp.MustCompile(`(^|_)(token|secret|password|link)$`)

// secretIn is a field of an answer whose name says that it is a secret, or "".
func secretIn(t reflect.Type, seen map[reflect.Type]bool) string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return secretIn(t.Elem(), seen)
	case reflect.Struct:
		if seen[t] {
			return ""
		}
		seen[t] = true
		for f := range fields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if secretName.MatchString(name) {
				return name
			}
			if inside := secretIn(f.Type, seen); inside != "" {
				return inside
			}
		}
	}
	return ""
}

// readKey takes the key of a request, and has its body heard.
func readKey(ctx huma.Context, next func(huma.Context)) {
	x := exchangeOf(ctx.Context())
	switch keys := x.request.Request().Header.Values(KeyHeader); {
	case len(keys) == 0:
		next(ctx)
	case len(keys) > 1 || !keyForm.MatchString(keys[0]):
		refuseEarly(x.request, badKey("expected one key of 1 to 255 visible ASCII characters"))
	default:
		x.key = keys[0]
		next(&heard{ctx, &x.body})
	}
}

func badKey(message string) *Problem {
	return InvalidFields(KeyHeader+": "+message, []FieldError{{Location: "header." + KeyHeader, Message: message}})
}

// heard is a request whose body is written down as it is read.
type heard struct {
	request
	body *bytes.Buffer
}

func (c *heard) Unwrap() huma.Context  { return c.request }
func (c *heard) BodyReader() io.Reader { return io.TeeReader(c.request.BodyReader(), c.body) }

// Who repeats a call that has not ended waits here for its end, so not for long.
const (
	patienceSQL      = `set local lock_timeout = '2s'`
	usualPatienceSQL = `set local lock_timeout to default`
)

// A key that is older than a day is as good as new.
const claimSQL = `
insert into platform.idempotency_keys as k (key_hash, request_hash)
values (@key, @request)
on conflict (customer_id, person, key_hash) do update
set request_hash = excluded.request_hash, at = excluded.at, whole = false, media_type = '', file_name = '', body = ''
where k.at <= now() - interval '24 hours'
returning true`

// claim takes the key for a unit of work, or finds the answer to it.
func (x *exchange) claim(ctx context.Context, tx db.Tx) (claimed bool, err error) {
	if _, err = db.Exec(ctx, tx, patienceSQL); err != nil {
		return false, err
	}
	claimed, err = db.Value[bool](ctx, tx, claimSQL, db.Args{"key": x.keyHash(), "request": x.requestHash()})
	var refusal *db.Refusal
	switch {
	case errors.Is(err, db.ErrNotFound):
		return false, x.recall(ctx, tx)
	case errors.As(err, &refusal) && refusal.Code() == "55P03":
		p := Conflict("this call is under way; repeat it to learn what became of it")
		p.retryAfter = "1"
		return false, p
	case err == nil:
		_, err = db.Exec(ctx, tx, usualPatienceSQL)
	}
	return claimed, err
}

// A keptAnswer is one that was given before.
type keptAnswer struct {
	Same      bool   `db:"same"` // the request is the one that it was given to
	Whole     bool   `db:"whole"`
	MediaType string `db:"media_type"`
	FileName  string `db:"file_name"`
	Body      []byte `db:"body"`
}

const recallSQL = `
select request_hash = @request as same, whole, media_type, file_name, body
from platform.idempotency_keys
where key_hash = @key
  and at > now() - interval '24 hours'`

// recall answers with what was answered before, if anything was.
func (x *exchange) recall(ctx context.Context, tx db.Tx) error {
	if x.key == "" {
		return nil
	}
	kept, err := db.One[keptAnswer](ctx, tx, recallSQL, db.Args{"key": x.keyHash(), "request": x.requestHash()})
	switch {
	case errors.Is(err, db.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !kept.Same:
		return badKey("it came with another request before; take a new one")
	case !kept.Whole:
		p := Conflict("this was done already, and its answer is not kept: it was large; look at what is there now")
		if x.op.Metadata["secret"] == true {
			p = Conflict("this was done already, and its answer is not kept: it held a secret; make a new one")
		}
		d := json.NewDecoder(bytes.NewReader(kept.Body))
		d.UseNumber()
		return cmp.Or(d.Decode(&p.IDs), error(p))
	}
	x.answer = &File{Name: kept.FileName, Type: kept.MediaType, Content: kept.Body}
	return nil
}

// What the person does not need any more goes with it.
const keepSQL = `
with outdated as (
  delete from platform.idempotency_keys
  where id in (
    select id
    from platform.idempotency_keys
    where at <= now() - interval '24 hours'
    for update skip locked)
)
update platform.idempotency_keys
set whole = @whole, media_type = @media_type, file_name = @file_name, body = @body
where key_hash = @key`

// keep writes the answer beside its key; of one that is secret or large the ids alone.
func (x *exchange) keep(ctx context.Context, tx db.Tx, v any) error {
	kept := keptAnswer{MediaType: x.answer.Type, FileName: x.answer.Name, Body: x.answer.Content}
	kept.Whole = x.op.Metadata["secret"] != true && len(kept.Body) <= maxKept
	if !kept.Whole {
		ids, err := json.Marshal(idsOf(v))
		if err != nil {
			return err
		}
		kept.Body = ids
	}
	return db.Touch(ctx, tx, keepSQL, db.Args{
		"key": x.keyHash(), "whole": kept.Whole, "media_type": kept.MediaType, "file_name": kept.FileName, "body": kept.Body,
	})
}

// idsOf are the ids in an answer, by their names.
func idsOf(v any) map[string]any {
	ids := map[string]any{}
	answer := reflect.Indirect(reflect.ValueOf(v))
	if answer.Kind() != reflect.Struct {
		return ids
	}
	for f := range fields(answer.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "id" || strings.HasSuffix(name, "_id") {
			ids[name] = answer.FieldByIndex(f.Index).Interface()
		}
	}
	return ids
}

func (x *exchange) keyHash() []byte {
	h := sha256.Sum256([]byte(x.key))
	return h[:]
}

// requestHash is of the operation, the path, the query in the order of its names, and the body: JSON without its
// white space and in the order of its names, a form as the JSON that it becomes, of an upload the name and the
// content. A password may be among it, so that nobody can try words without the key, which is stored nowhere.
func (x *exchange) requestHash() []byte {
	h := hmac.New(sha256.New, []byte(x.key))
	r := x.request.Request()
	for _, part := range []string{x.op.OperationID, r.URL.Path, r.URL.Query().Encode()} {
		put(h, []byte(part))
	}
	put(h, canonical(x.body.Bytes()))
	if r.MultipartForm != nil {
		for _, field := range slices.Sorted(maps.Keys(r.MultipartForm.File)) {
			for _, file := range r.MultipartForm.File[field] {
				put(h, fmt.Append(nil, field, file.Filename, file.Size))
				if content, err := file.Open(); err == nil { // it is in memory
					_, _ = io.Copy(h, content)
				}
			}
		}
	}
	return h.Sum(nil)
}

// put adds a part with its length, so that no part can pass for two.
func put(h hash.Hash, part []byte) {
	_ = binary.Write(h, binary.BigEndian, int64(len(part))) // a hash takes everything
	_, _ = h.Write(part)
}

func canonical(body []byte) []byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return body
	}
	text, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return text
}
