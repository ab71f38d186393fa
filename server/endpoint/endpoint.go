// Package endpoint turns a typed function into a route: it checks the role, opens the unit of work in
// the caller's customer, answers JSON or a problem, and writes the OpenAPI document. It knows no
// feature, and beside package field nothing else knows huma.
//
// A feature's handler is pure in form: (ctx, tx, in) → (out, error). It cannot commit, and it need
// not filter: PostgreSQL shows it the rows of its caller's customer and no others.
package endpoint

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// A Handler serves one operation inside the caller's customer. GET runs READ ONLY; every other method
// runs in one transaction that commits when the handler returns nil.
type Handler[I, O any] func(ctx context.Context, tx db.Tx, in *I) (O, error)

// A Lister serves a list: one page of it, and how many rows there are in all (db.Page).
type Lister[I, T any] func(ctx context.Context, tx db.Tx, in *I) ([]T, int64, error)

// A Call serves an operation that does not run inside one transaction: it is public, or waits for
// something else than the database. Caller(ctx) is nil without a token. What it writes it records
// itself (auth.Record).
type Call[I, O any] func(ctx context.Context, in *I) (O, error)

// A Preparer is an input with work to do before the unit of work opens, so that no connection waits
// for it: hashing a password, reading a spreadsheet. Prepare runs on a valid input of a caller whom the
// database has admitted: the session lives, the person is active, the customer is open. It does not run
// for a call that was done before (Idempotency-Key).
type Preparer interface {
	Prepare(ctx context.Context) error
}

// Get registers a read of one thing. The id is the name of the operation: generated clients call it so.
func Get[I, O any](api API, path, id, summary string, h Handler[I, O], roles Roles, options ...Option) {
	register(api, http.MethodGet, path, id, summary, inTenant(api, h, true), roles, options)
}

// List registers a read of many things. The answer is a bare array; X-Total-Count says how many there
// are without limit and offset. The input embeds Window.
func List[I, T any](api API, path, id, summary string, h Lister[I, T], roles Roles, options ...Option) {
	register(api, http.MethodGet, path, id, summary, listing(h, api.read), roles, append(options, windowed[I]))
}

// Post registers a write.
func Post[I, O any](api API, path, id, summary string, h Handler[I, O], roles Roles, options ...Option) {
	register(api, http.MethodPost, path, id, summary, inTenant(api, h, false), roles, options)
}

// Put registers a write that may be repeated.
func Put[I, O any](api API, path, id, summary string, h Handler[I, O], roles Roles, options ...Option) {
	register(api, http.MethodPut, path, id, summary, inTenant(api, h, false), roles, options)
}

// Delete registers a removal.
func Delete[I, O any](api API, path, id, summary string, h Handler[I, O], roles Roles, options ...Option) {
	register(api, http.MethodDelete, path, id, summary, inTenant(api, h, false), roles, options)
}

// Either registers an operation on the caller's own record, which for an operator outside of any
// customer is another table: member runs inside the customer, operator on the platform.
func Either[I, O any](api API, method, path, id, summary string, member, operator Handler[I, O], roles Roles, options ...Option) {
	read := method == http.MethodGet
	inside, outside := inTenant(api, member, read), onPlatform(api, operator, read)
	register(api, method, path, id, summary, func(ctx context.Context, in *I) (*body[O], error) {
		if Caller(ctx).Outside() {
			return outside(ctx, in)
		}
		return inside(ctx, in)
	}, roles, options)
}

// EitherList is Either for a list.
func EitherList[I, T any](api API, path, id, summary string, member, operator Lister[I, T], roles Roles, options ...Option) {
	inside, outside := listing(member, api.read), listing(operator, api.platformRead)
	register(api, http.MethodGet, path, id, summary, func(ctx context.Context, in *I) (*page[T], error) {
		if Caller(ctx).Outside() {
			return outside(ctx, in)
		}
		return inside(ctx, in)
	}, roles, append(options, windowed[I]))
}

// Direct registers a Call.
func Direct[I, O any](api API, method, path, id, summary string, h Call[I, O], roles Roles, options ...Option) {
	register(api, method, path, id, summary, func(ctx context.Context, in *I) (*body[O], error) {
		out, err := h(ctx, in)
		if x := exchangeOf(ctx); err == nil && x.answer == nil {
			err = x.encode(out)
		}
		return &body[O]{out}, err
	}, roles, append(options, direct))
}

type body[O any] struct{ Body O }

type page[T any] struct {
	Total count `header:"X-Total-Count" doc:"Number of rows without limit and offset."`
	Body  []T
}

// A count is a number in a header; empty where it is not known, for a header that is not sent.
type count string

func (count) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: new(0.0)}
}

// Window is the part of a list that is asked for.
type Window struct {
	Limit  int `query:"limit" db:"limit" default:"10000" minimum:"1" maximum:"10000" doc:"How many rows at the most."`
	Offset int `query:"offset" db:"offset" default:"0" minimum:"0" maximum:"1000000000" doc:"How many rows to pass over."`
}

// windowed refuses a list of which no part can be asked for.
func windowed[I any](*huma.Operation) {
	in, window := reflect.TypeFor[I](), reflect.TypeFor[Window]()
	embeds := func(f reflect.StructField) bool { return f.Anonymous && f.Type == window }
	if in != window && !slices.ContainsFunc(reflect.VisibleFields(in), embeds) {
		panic("no part of the list can be asked for: embed endpoint.Window in its input")
	}
}

// None is the input of an operation without any.
type None struct{}

// A Message is the answer of most writes.
type Message struct {
	Message string `json:"message" doc:"What was done."`
}

// Done is a Message for the old pages that look into an answer for ok.
type Done struct {
	OK      bool   `json:"ok"`
	Message string `json:"message" doc:"What was done."`
}

// saysOK tells whether an answer is a Done, or holds one.
func saysOK[O any]() bool {
	answer, ok := reflect.TypeFor[O]().FieldByName("Body")
	if !ok || answer.Type.Kind() != reflect.Struct {
		return false
	}
	done := reflect.TypeFor[Done]()
	return answer.Type == done || slices.ContainsFunc(reflect.VisibleFields(answer.Type), func(f reflect.StructField) bool { return f.Anonymous && f.Type == done })
}

// A worker runs a function in a unit of work of one kind.
type worker func(context.Context, func(context.Context, db.Tx) error) error

func (api API) read(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return api.db.Read(ctx, Caller(ctx), fn)
}

// readOf is where a caller reads: inside its customer, or on the platform.
func (api API) readOf(caller *auth.Principal) worker {
	if caller.Outside() {
		return api.platformRead
	}
	return api.read
}

func (api API) write(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return api.db.Write(ctx, Caller(ctx), fn)
}

func listing[I, T any](h Lister[I, T], within worker) func(context.Context, *I) (*page[T], error) {
	return func(ctx context.Context, in *I) (*page[T], error) {
		out := &page[T]{}
		err := within(ctx, func(ctx context.Context, tx db.Tx) error {
			return once(ctx, tx, func() (any, error) {
				rows, total, err := h(ctx, tx, in)
				if total >= 0 {
					out.Total = count(fmt.Sprint(total))
				}
				return rows, err
			})
		})
		return out, err
	}
}

func inTenant[I, O any](api API, h Handler[I, O], read bool) func(context.Context, *I) (*body[O], error) {
	if read {
		return answering(h, api.read)
	}
	return answering(audited(h, auth.Record), api.write)
}

func answering[I, O any](h Handler[I, O], within worker) func(context.Context, *I) (*body[O], error) {
	return func(ctx context.Context, in *I) (*body[O], error) {
		return &body[O]{}, within(ctx, func(ctx context.Context, tx db.Tx) error {
			return once(ctx, tx, func() (any, error) { return h(ctx, tx, in) })
		})
	}
}

// prepare does what a Preparer has to do for a caller whom enterFirst has had admitted, unless the call is a repeat. A
// Call is looked up too, whose work is not all in the unit of work that writes.
func (api API) prepare(ctx context.Context, in any) error {
	p, isPreparer := in.(Preparer)
	x := exchangeOf(ctx)
	if caller := Caller(ctx); caller != nil && x.key != "" && (isPreparer || x.op.Metadata["direct"] == true) {
		if err := api.readOf(caller)(ctx, x.recall); err != nil || x.answer != nil {
			return err
		}
	}
	if !isPreparer {
		return nil
	}
	return p.Prepare(ctx)
}

// An Option changes how an operation is registered.
type Option func(*huma.Operation)

// Describe adds a longer text to the document.
func Describe(text string) Option { return func(op *huma.Operation) { op.Description = text } }

func register[I, O any](api API, method, path, id, summary string, h func(context.Context, *I) (*O, error), roles Roles, options []Option) {
	op := huma.Operation{
		Method: method, Path: path, Summary: summary, Tags: api.tags,
		OperationID: id,
		Middlewares: huma.Middlewares{api.admit(roles, saysOK[O]())},
		Errors:      []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable},

		MaxBodyBytes: maxBody, BodyReadTimeout: bodyTime,
		// A write must not be done otherwise than was meant: a misspelt ?dry_run is no reason to do it in earnest.
		RejectUnknownQueryParameters: method != http.MethodGet,
	}
	defer api.collect(&op)
	api.claim(&op)
	roles.document(&op)
	if method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	if _, ok := any(new(I)).(Preparer); ok && !roles.public {
		op.Middlewares = append(op.Middlewares, api.enterFirst)
		extend(&op, "x-prepares", true)
	}
	for _, o := range options {
		o(&op)
	}
	op.Middlewares = append(op.Middlewares, api.takeBody)
	if method != http.MethodGet && !roles.public && op.Metadata["direct"] != true && op.Metadata["final"] != true && op.Extensions["x-reads"] != true {
		Keyed(&op)
	}
	if op.Metadata["keyed"] == true {
		op.Middlewares = append(op.Middlewares, readKey)
	}
	password := passwordField(reflect.TypeFor[I]())
	huma.Register(api.huma, op, func(ctx context.Context, in *I) (*O, error) {
		bodyRead(ctx)
		ctx = follow(api.at(ctx), &op)
		out, err := new(O), api.prepare(ctx, in)
		if err == nil && exchangeOf(ctx).answer == nil {
			out, err = h(ctx, in)
		}
		if err != nil {
			return nil, api.problem(ctx, ofPassword(err, password))
		}
		return out, nil
	})
	complete[I, O](api, documented(api.huma.OpenAPI(), method, path))
}

// Caller is who calls, or nil without a token.
func Caller(ctx context.Context) *auth.Principal {
	p, _ := ctx.Value(callerKey{}).(*auth.Principal)
	return p
}

// As gives what is no request a caller.
func As(ctx context.Context, p *auth.Principal) context.Context {
	return context.WithValue(ctx, callerKey{}, p)
}

type callerKey struct{}
