package endpoint

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// Audited makes each successful call of a write leave an entry in the audit log, in the transaction of
// the write: both stand or neither. The action reads as noun and participle, such as user.suspended.
//
// A write by an operator, or by another's hand than the caller's own (Work.Ask), leaves an entry in every case, with the
// operation's id for an action where this option is absent.
func Audited(action string) Option {
	return func(op *huma.Operation) {
		if op.Method == http.MethodGet {
			panic("it is audited, but writes nothing: Audited is for writes")
		}
		extend(op, "x-audited", action)
	}
}

// direct marks an operation that opens its own units of work, and refuses Audited there: there is no transaction to
// write the entry in.
func direct(op *huma.Operation) {
	op.Metadata = with(op.Metadata, "direct", true)
	if op.Extensions["x-audited"] != nil {
		panic("it opens its own units of work: record in them, without Audited")
	}
}

// Note says what a call has touched, for the entry that it leaves in the audit log: objectType such as
// user, objectID its id, detail what else a reader will ask for. Nothing secret may be in it. Without
// a note the ids of the input are noted: the one in the path as the object, the others as details. A
// second note replaces the first.
func Note(ctx context.Context, objectType string, objectID any, detail map[string]any) {
	if t, ok := ctx.Value(trailKey{}).(*trail); ok {
		t.noted = true
		t.deed.ObjectType, t.deed.ObjectID, t.deed.Detail = objectType, fmt.Sprint(objectID), detail
	}
}

// NoteCustomer says whose audit log the entry of a call outside of any customer belongs to. Nobody
// inside a customer can say so.
func NoteCustomer(ctx context.Context, customerID string) {
	if t, ok := ctx.Value(trailKey{}).(*trail); ok {
		t.deed.CustomerID = customerID
	}
}

// A trail becomes the entry of one call.
type trail struct {
	deed  auth.Deed
	noted bool
}

type trailKey struct{}

// follow begins the trail of a call.
func follow(ctx context.Context, op *huma.Operation) context.Context {
	t := &trail{}
	t.deed.Action, _ = op.Extensions["x-audited"].(string)
	if p := Caller(ctx); t.deed.Action == "" && p != nil && (p.OperatorID() != 0 || handOf(ctx) != "") {
		t.deed.Action = op.OperationID
	}
	return context.WithValue(ctx, trailKey{}, t)
}

// audited completes a handler that writes: it records the call that has succeeded.
func audited[I, O any](h Handler[I, O], record func(context.Context, db.Tx, auth.Deed) error) Handler[I, O] {
	return func(ctx context.Context, tx db.Tx, in *I) (O, error) {
		out, err := h(ctx, tx, in)
		t, ok := ctx.Value(trailKey{}).(*trail)
		if err != nil || !ok || t.deed.Action == "" {
			return out, err
		}
		if !t.noted {
			t.noteIDs(reflect.ValueOf(in).Elem())
		}
		if hand := handOf(ctx); hand != "" {
			t.deed.Detail = with(maps.Clone(t.deed.Detail), "by_hand_of", hand)
		}
		return out, record(ctx, tx, t.deed)
	}
}

func (t *trail) noteIDs(in reflect.Value) {
	detail := map[string]any{}
	t.deed.ObjectType, t.deed.ObjectID = "", "" // a unit of work may be done twice
	for f := range fields(in.Type()) {
		name := f.Tag.Get("path")
		switch {
		case name == "":
		case t.deed.ObjectType == "":
			t.deed.ObjectType, t.deed.ObjectID = strings.TrimSuffix(name, "_id"), fmt.Sprint(in.FieldByIndex(f.Index).Interface())
		default:
			detail[name] = in.FieldByIndex(f.Index).Interface()
		}
	}
	if body := in.FieldByName("Body"); body.IsValid() && body.Kind() == reflect.Struct {
		for f := range fields(body.Type()) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.Tag.Get("ref") != "" {
				detail[name] = body.FieldByIndex(f.Index).Interface()
			}
		}
	}
	t.deed.Detail = detail
}

func extend(op *huma.Operation, name string, value any) {
	op.Extensions = with(op.Extensions, name, value)
}

func with(m map[string]any, name string, value any) map[string]any {
	if m == nil {
		m = map[string]any{}
	}
	m[name] = value
	return m
}
