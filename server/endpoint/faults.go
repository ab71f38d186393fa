package endpoint

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Err says what is wrong with the operations as they are registered, in a sentence for each mistake, so that nobody
// has to find it in a stack.
func (api API) Err() error { return errors.Join(api.faults.all...) }

// faults are the mistakes found so far.
type faults struct {
	all   []error
	types map[string]bool // what was said of a type, which several operations may have
}

// A typeFault is a mistake in a type, whatever operation has it.
type typeFault string

// collect notes what register, which defers it, panics with, and what huma does. A bug of the program goes on.
func (api API) collect(op *huma.Operation) {
	fault := recover()
	if _, bug := fault.(runtime.Error); bug {
		panic(fault)
	}
	if fault == nil {
		return
	}
	text := fmt.Sprint(fault)
	_, ofType := fault.(typeFault)
	if found := twoTypes.FindStringSubmatch(text); found != nil { // huma's words
		ofType = true
		text = fmt.Sprintf("%s and %s are both %s in the document, where names are of all features: rename one of the types", found[2], found[3], found[1])
	}
	if ofType && api.faults.types[text] {
		return
	}
	api.faults.types[text] = true
	api.faults.all = append(api.faults.all, fmt.Errorf("%s %s: %s", op.Method, op.Path, text))
}

var twoTypes = regexp.MustCompile(`^duplicate name: (\S+), new type: (\S+), existing type: (\S+)$`)

var (
	operationID = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	parameter   = regexp.MustCompile(`\{[^}]*\}`)
)

// claim refuses an operation id that is no name, or that another operation has, and a path that is served already.
func (api API) claim(op *huma.Operation) {
	here := op.Method + " " + op.Path
	route := op.Method + " " + parameter.ReplaceAllString(strings.TrimSuffix(op.Path, "/"), "{}")
	if !operationID.MatchString(op.OperationID) {
		panic(fmt.Sprintf("%q is no name of an operation: say one such as listProperties", op.OperationID))
	}
	if there := api.claimed[op.OperationID]; there != "" {
		panic(fmt.Sprintf("%s has the name %s already: say another", there, op.OperationID))
	}
	if there := api.claimed[route]; there != "" {
		panic(fmt.Sprintf("this path is served already, as %s: register it once", there))
	}
	api.claimed[op.OperationID], api.claimed[route] = here, here
}
