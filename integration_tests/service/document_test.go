package service

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server"
)

// Every operation stands under one tag, and every tag has a sentence and operations.
func TestDocument_TagsHaveASentence(t *testing.T) {
	t.Parallel()
	document := readDocument(t)
	operations := map[string]int{}
	for path, methods := range harness.Inside(document, "paths") {
		for method := range harness.Inside(methods) {
			tags, _ := harness.Inside(methods, method)["tags"].([]any)
			if len(tags) != 1 {
				t.Errorf("%s %s has tags %v: register it on an api.Tag of its own in server.go", method, path, tags)
				continue
			}
			operations[fmt.Sprint(tags[0])]++
		}
	}
	tags, _ := harness.Inside(document)["tags"].([]any)
	for _, tag := range tags {
		name, sentence := fmt.Sprint(harness.Inside(tag)["name"]), fmt.Sprint(harness.Inside(tag)["description"])
		if operations[name] == 0 || !strings.HasSuffix(sentence, ".") {
			t.Errorf("tag %s has %d operations and the sentence %q, or stands there twice", name, operations[name], sentence)
		}
		delete(operations, name)
	}
	if len(operations) > 0 || len(tags) == 0 {
		t.Errorf("tags without a sentence: %v", operations)
	}
}

// Whoever reads the document may send what it shows, and wait for it.
func TestDocument_ExamplesAreValid(t *testing.T) {
	t.Parallel()
	e := checkExamples(t, readDocument(t))
	for _, wrong := range e.wrong {
		t.Error(wrong)
	}
	if e.checked < 100 {
		t.Errorf("only %d examples", e.checked)
	}
}

func TestDocument_AWrongExampleIsFound(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(document any){
		"of a field": func(d any) {
			harness.Inside(d, "components", "schemas", "PropertyFields", "properties", "sqft")["examples"] = []any{"wide"}
		},
		"of a field, the second": func(d any) {
			harness.Inside(d, "components", "schemas", "PropertyFields", "properties", "open_by_time")["examples"] = []any{"06:30", "half past six"}
		},
		"default": func(d any) { harness.Inside(parameter(d, "/properties/", "limit"), "schema")["default"] = 0 },
		"of a parameter's schema": func(d any) {
			harness.Inside(parameter(d, "/properties/", "limit"), "schema")["examples"] = []any{"all"}
		},
		"of a parameter": func(d any) { parameter(d, "/properties/", "limit")["example"] = 10001 },
		"of a body": func(d any) {
			harness.Inside(d, "paths", "/add-property/", "post", "requestBody", "content", "application/json")["example"] = map[string]any{"name": "Maple Plaza"}
		},
		"of an answer, named": func(d any) {
			harness.Inside(d, "paths", "/api/login/", "post", "responses", "200", "content", "application/json")["examples"] = map[string]any{"usual": map[string]any{"value": 7}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := readDocument(t)
			plant(document)
			if e := checkExamples(t, document); len(e.wrong) != 1 {
				t.Errorf("found %q, want one", e.wrong)
			}
		})
	}
}

func readDocument(t *testing.T) any {
	t.Helper()
	text, err := server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func parameter(document any, path, name string) map[string]any {
	all, _ := harness.Inside(document, "paths", path, "get")["parameters"].([]any)
	for _, p := range all {
		if harness.Inside(p)["name"] == name {
			return harness.Inside(p)
		}
	}
	return nil
}

// Examples are those of a document: how many there are, and which do not fit the schema beside them.
type examples struct {
	schemas *jsonschema.Compiler
	checked int
	wrong   []string
}

func checkExamples(t *testing.T, document any) *examples {
	t.Helper()
	e := &examples{schemas: jsonschema.NewCompiler()}
	e.schemas.AssertFormat()
	if err := e.schemas.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	e.walk(document, "openapi.json#", false)
	return e
}

// named are the objects whose names are no words of OpenAPI, so that one may be called example.
var named = []string{"paths", "properties", "responses", "schemas"}

// walk looks for examples in a node and in all below it.
func (e *examples) walk(node any, pointer string, inNamed bool) {
	switch n := node.(type) {
	case map[string]any:
		if !inNamed {
			e.check(n, pointer)
		}
		for name, child := range n {
			if inNamed || !slices.Contains([]string{"example", "examples", "default"}, name) {
				e.walk(child, pointer+"/"+harness.Escaped(name), !inNamed && slices.Contains(named, name))
			}
		}
	case []any:
		for i, child := range n {
			e.walk(child, fmt.Sprintf("%s/%d", pointer, i), false)
		}
	}
}

// check holds the examples of a schema against it, and those of a parameter, body or answer against
// the schema that it has.
func (e *examples) check(n map[string]any, pointer string) {
	schema := pointer
	if n["schema"] != nil {
		schema += "/schema"
	}
	var all []any
	switch several := n["examples"].(type) {
	case []any:
		all = several
	case map[string]any:
		for name := range several {
			all = append(all, harness.Inside(several, name)["value"])
		}
	}
	for _, name := range []string{"example", "default"} {
		if example, ok := n[name]; ok {
			all = append(all, example)
		}
	}
	for _, example := range all {
		e.checked++
		s, err := e.schemas.Compile(schema)
		if err == nil {
			err = s.Validate(example)
		}
		if err != nil {
			e.wrong = append(e.wrong, fmt.Sprintf("%s: %v: %v", pointer, example, err))
		}
	}
}
