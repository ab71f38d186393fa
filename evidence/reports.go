package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kinds are the reports that are looked for, KIND-summary.json each, and what each is of.
var kinds = []struct{ name, about string }{
	{"attack", "every known way to reach another company's rows, tried on every table and operation"},
	{"mutation", "one hole at a time made in a copy: does a test find it?"},
	{"restore", "a backup restored on another server: are rows and isolation the same?"},
}

// A report is the head of the last one of a kind, and its files; without any it was not given.
type report struct {
	Kind, About, Made, PostgreSQL, Commit string
	Figures                               []figure
	Files                                 []string
}

type figure struct {
	Name  string
	Value any
}

// readReports reads what heads there are in a directory. A head says when, on which PostgreSQL and of which commit.
func readReports(dir string) ([]report, error) {
	reports := make([]report, 0, len(kinds))
	for _, k := range kinds {
		r := report{Kind: k.name, About: k.about}
		if dir != "" {
			if err := r.read(dir); err != nil {
				return nil, err
			}
		}
		reports = append(reports, r)
	}
	return reports, nil
}

func (r *report) read(dir string) error {
	name := r.Kind + "-summary.json"
	text, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // named by whoever sits there
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var head map[string]any
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("%s is no head of a report: %w", name, err)
	}
	take := func(field string) (s string) {
		s, _ = head[field].(string)
		delete(head, field)
		return s
	}
	if r.Made, r.PostgreSQL, r.Commit = take("made"), take("postgresql"), take("commit"); r.Made == "" || r.PostgreSQL == "" {
		return fmt.Errorf("%s does not say when it was made and on which PostgreSQL", name)
	}
	for _, field := range slices.Sorted(maps.Keys(head)) {
		r.Figures = append(r.Figures, figure{strings.ReplaceAll(field, "_", " "), head[field]})
	}
	files, err := filepath.Glob(filepath.Join(dir, r.Kind+"-*"))
	for _, f := range files {
		r.Files = append(r.Files, filepath.Base(f))
	}
	return err
}
