package harness

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"contractor-portal/server"
)

// A promise is what the document says of the answers of one operation.
type promise struct {
	path    *regexp.Regexp
	name    string                        // method and path, as documented
	answers map[string]*jsonschema.Schema // status and media type → schema; nil: anything
}

// The answer that all operations share says with which statuses it comes.
var statusCode = regexp.MustCompile(`\b[45]\d\d\b`)

// promises are those of every documented operation by method, paths without parameters first.
var promises = sync.OnceValues(func() (map[string][]promise, error) {
	text, err := server.OpenAPI()
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	schemas := jsonschema.NewCompiler()
	if err := schemas.AddResource("openapi.json", document); err != nil {
		return nil, err
	}
	all := map[string][]promise{}
	for path, methods := range Inside(document, "paths") {
		pattern := regexp.MustCompile(`\\\{[^/]*\\\}`).ReplaceAllString(regexp.QuoteMeta(strings.TrimSuffix(path, "/")), `[^/]+`)
		for method := range Inside(methods) {
			p := promise{path: regexp.MustCompile("^" + pattern + "/?$"), name: strings.ToUpper(method) + " " + path, answers: map[string]*jsonschema.Schema{}}
			for status, response := range Inside(methods, method, "responses") {
				pointer := "#/paths/" + Escaped(path) + "/" + method + "/responses/" + status
				statuses := []string{status}
				if shared, ok := Inside(response)["$ref"].(string); ok {
					statuses = statusCode.FindAllString(fmt.Sprint(Inside(response)["description"]), -1)
					pointer = shared
					response = Inside(document, strings.Split(shared, "/")[1:]...)
				}
				for kind := range Inside(response, "content") {
					schema, err := schemas.Compile("openapi.json" + pointer + "/content/" + Escaped(kind) + "/schema")
					if err != nil {
						return nil, err
					}
					for _, s := range statuses {
						p.answers[s+" "+kind] = schema
					}
				}
			}
			key := strings.ToUpper(method)
			if strings.Contains(path, "{") {
				all[key] = append(all[key], p)
			} else {
				all[key] = append([]promise{p}, all[key]...)
			}
		}
	}
	return all, nil
})

// Inside goes down into a document; what is not there is empty.
func Inside(v any, names ...string) map[string]any {
	m, _ := v.(map[string]any)
	for _, name := range names {
		m, _ = m[name].(map[string]any)
	}
	return m
}

// Escaped is a name as it stands in a JSON pointer in an address.
func Escaped(name string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}

// conforms tells where an answer is not what the document promises of it. Every answer of every test is
// looked at; operations that only a test has are not documented.
func conforms(method, target string, a Answer) error {
	all, err := promises()
	if err != nil {
		return err
	}
	if a.Status == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") == "" {
		return fmt.Errorf("%s %s: a 401 without WWW-Authenticate", method, target)
	}
	path, _, _ := strings.Cut(target, "?")
	for _, p := range all[method] {
		if !p.path.MatchString(path) {
			continue
		}
		kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
		schema, ok := p.answers[strconv.Itoa(a.Status)+" "+kind]
		if !ok {
			return fmt.Errorf("%s: an answer %d %s is not documented", p.name, a.Status, kind)
		}
		if !strings.HasSuffix(kind, "json") {
			return nil
		}
		body, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.Body))
		if err == nil {
			err = schema.Validate(body)
		}
		if err != nil {
			return fmt.Errorf("%s: the answer %d is not what is documented: %w: %.500s", p.name, a.Status, err, a.Body)
		}
		return nil
	}
	return nil
}
