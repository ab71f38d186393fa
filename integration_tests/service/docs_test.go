package service

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/endpoint"
)

// The page for REST consumers is run from top to bottom, as they would type it, against the data that
// `portal up` begins with. Each answer that it shows is what is answered.
func TestDocs_APIPageIsTrue(t *testing.T) {
	t.Parallel()
	p := newPortal(t, harness.Demo(t))
	page := readPage(t, "docs/api.md")
	sh := &shell{
		vars:  map[string]string{"PORTAL": p.URL, "PASSWORD": harness.Password},
		given: map[string]bool{"PORTAL": true, "PASSWORD": true},
		files: map[string]string{}, fetch: fetch(t),
	}
	shown, err := page.run(sh)
	if err != nil {
		t.Fatal(err)
	}
	if shown < 20 {
		t.Errorf("the page shows only %d answers", shown)
	}

	operations := map[string]bool{}
	for _, op := range harness.ReadDocument(t, p.Portal) {
		operations[op.Method+" "+strings.TrimSuffix(op.Path, "/")] = true
	}
	named := regexp.MustCompile("`((?:GET|POST|PUT|DELETE) /[^` ]*?)/?`").FindAllStringSubmatch(page.text, -1)
	for _, m := range named {
		if !operations[m[1]] {
			t.Errorf("%s names %s, which is no operation", page.name, m[1])
		}
	}
	var kinds []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [0-9]").FindAllStringSubmatch(page.text, -1) {
		kinds = append(kinds, m[1])
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(endpoint.Types)), slices.Sorted(slices.Values(kinds))); diff != "" {
		t.Errorf("the problems of %s (-have +page):\n%s", page.name, diff)
	}
}

// A docPage is a page for readers, with the blocks that it shows.
type docPage struct {
	name, text string
	blocks     []docBlock
}

// A docBlock is what stands between two fences.
type docBlock struct {
	line       int
	kind, text string
}

func readPage(t *testing.T, name string) docPage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root, name))
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePage(name, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parsePage(name, text string) (docPage, error) {
	p := docPage{name: name, text: text}
	var open *docBlock
	for i, line := range strings.Split(text, "\n") {
		switch fence, isFence := strings.CutPrefix(line, "```"); {
		case !isFence && open != nil:
			open.text += line + "\n"
		case !isFence:
			if strings.HasPrefix(line, "    ") {
				return p, fmt.Errorf("%s:%d: an indented block is not run; fence it", name, i+1)
			}
		case open != nil:
			p.blocks = append(p.blocks, *open)
			open = nil
		default:
			open = &docBlock{line: i + 1, kind: fence}
		}
	}
	if open != nil {
		return p, fmt.Errorf("%s:%d: the block does not end", name, open.line)
	}
	return p, nil
}

// run runs the blocks of kind sh, holds those of kind http against what came back, and counts these. A command
// whose answer is to be seen says curl -i, stands last in its block, and its answer follows.
func (p docPage) run(sh *shell) (shown int, err error) {
	var pending []answer
	for _, b := range p.blocks {
		switch {
		case b.kind == "http" && len(pending) == 1:
			err = sameAnswer(b.text, pending[0])
			pending = nil
			shown++
		case b.kind == "http":
			err = fmt.Errorf("%d answers came before the one that is shown", len(pending))
		case b.kind == "sh" && len(pending) > 0:
			err = fmt.Errorf("the answer to the block before is not shown")
		case b.kind == "sh":
			err = sh.script(b.text)
			pending = sh.answers
		default:
			err = fmt.Errorf("a block of kind %q is not run", b.kind)
		}
		if err != nil {
			return shown, fmt.Errorf("%s:%d: %w", p.name, b.line, err)
		}
	}
	if len(pending) > 0 {
		return shown, fmt.Errorf("%s: the last answer is not shown", p.name)
	}
	return shown, nil
}

// sameAnswer tells where an answer is not what is shown of it: the status, the headers that are shown, and the
// body. The sign … stands for anything: alone for a value, in a text for a part of it, as the name of a field for
// fields that are left out, and at the end of a list for its rest.
func sameAnswer(shown string, have answer) error {
	head, body, _ := strings.Cut(shown, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	if want := fmt.Sprintf("HTTP/1.1 %d %s", have.status, http.StatusText(have.status)); lines[0] != want {
		return fmt.Errorf("%s is shown, %s was answered: %s", lines[0], want, have.body)
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		if got := have.header.Get(name); !like(value, got) || got == "" {
			return fmt.Errorf("%s is shown, %q was answered", line, got)
		}
	}
	if !strings.Contains(have.header.Get("Content-Type"), "json") {
		text := strings.ReplaceAll(strings.TrimPrefix(have.body, "\ufeff"), "\r\n", "\n")
		if !like(body, text) {
			return fmt.Errorf("this was answered: %s", text)
		}
		return nil
	}
	want, err := decode(body)
	if err != nil {
		return fmt.Errorf("what is shown is no JSON: %w", err)
	}
	got, err := decode(have.body)
	if err == nil {
		err = sameValue("", want, got)
	}
	if err != nil {
		return fmt.Errorf("%w; this was answered: %s", err, have.body)
	}
	return nil
}

func decode(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return v, d.Decode(&v)
}

const anything = "…"

func like(want, have string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), anything, "(?s:.*)")
	return regexp.MustCompile("^" + pattern + "$").MatchString(have)
}

func sameValue(at string, want, have any) error {
	differs := fmt.Errorf("%s is shown as %v and is %v", strings.TrimPrefix(at, "."), want, have)
	switch want := want.(type) {
	case string:
		if text, isText := have.(string); want != anything && (!isText || !like(want, text)) {
			return differs
		}
	case map[string]any:
		fields, ok := have.(map[string]any)
		if !ok {
			return differs
		}
		return sameFields(at, want, fields)
	case []any:
		list, ok := have.([]any)
		if !ok {
			return differs
		}
		if n := len(want); n > 0 && want[n-1] == anything && len(list) >= n-1 {
			want, list = want[:n-1], list[:n-1]
		}
		if len(want) != len(list) {
			return differs
		}
		for i := range want {
			if err := sameValue(at+"["+strconv.Itoa(i)+"]", want[i], list[i]); err != nil {
				return err
			}
		}
	default:
		if want != have {
			return differs
		}
	}
	return nil
}

func sameFields(at string, want, have map[string]any) error {
	for name, value := range want {
		got, there := have[name]
		if name == anything {
			continue
		}
		if !there {
			return fmt.Errorf("%s.%s is shown and is not there", at, name)
		}
		if err := sameValue(at+"."+name, value, got); err != nil {
			return err
		}
	}
	for name := range have {
		if _, shown := want[name]; !shown && want[anything] == nil {
			return fmt.Errorf("%s.%s is not shown", at, name)
		}
	}
	return nil
}
