// Package evidence writes what shows an outsider that one company cannot see another's rows: a folder to be read offline, in
// a browser, with the sums of its files. It says how things stand and what was tried, and holds no row of any company.
package evidence

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/audit"
	"contractor-portal/db/install"
	"contractor-portal/policies"
)

//go:embed page.html
var page embed.FS

// Sums is the manifest: the SHA-256 of every other file, as sha256sum --check reads it.
const Sums = "SHA256SUMS"

// Options say what the evidence is of.
type Options struct {
	URL      string // of the database, as somebody who may read schema tenancy
	Document []byte // the OpenAPI document of the server
	Audit    audit.Report
	Program  string // its version
	Reports  string // a directory with the last reports of attacks, mutants and restores, or ""
}

// A Summary is what a folder of evidence says, in figures.
type Summary struct {
	Made          string         `json:"made"` // UTC
	Program       string         `json:"program"`
	Database      string         `json:"database"`
	PostgreSQL    string         `json:"postgresql"`
	SchemaVersion int32          `json:"schema_version"`
	Posture       string         `json:"posture"`
	Errors        int            `json:"errors"`
	Warnings      int            `json:"warnings"`
	Exceptions    int            `json:"exceptions"`
	Tables        int            `json:"tables"`
	Walled        int            `json:"walled"` // tables without an error
	Policies      int            `json:"policies"`
	Differences   int            `json:"differences"` // policies that are otherwise than the program has them, or missing
	Operations    int            `json:"operations"`
	Customers     map[string]int `json:"customers"` // by status; null where whoever asked may not count them
}

type evidence struct {
	Summary    Summary
	Database   database
	Audit      audit.Report
	Operations []operation
	Roles      []string // of the API, the columns of Operations
	Reports    []report
	Files      []file
}

// A file is one of the folder.
type file struct{ Name, SHA256 string }

// Write fills an empty directory. What cannot be asked is an error, and not a gap.
func Write(ctx context.Context, dir string, o Options) (s Summary, err error) {
	e := evidence{Summary: Summary{Made: time.Now().UTC().Format("2006-01-02 15:04 MST"), Program: o.Program}, Audit: o.Audit}
	if e.Operations, e.Roles, err = operations(o.Document); err != nil {
		return s, err
	}
	if e.Reports, err = readReports(o.Reports); err != nil {
		return s, err
	}
	picture := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = install.Begin(ctx, o.URL, picture, func(ctx context.Context, tx pgx.Tx) error { return e.ask(ctx, tx) })
	if err != nil {
		return s, err
	}
	e.count()
	return e.Summary, e.write(dir, o.Reports)
}

func (e *evidence) count() {
	s := &e.Summary
	s.Errors, s.Warnings, s.Exceptions = e.Audit.Count(audit.Error), e.Audit.Count(audit.Warning), len(e.Audit.Exceptions)
	s.Tables, s.Policies, s.Operations = len(e.Database.Tables), len(e.Database.Policies), len(e.Operations)
	for _, t := range e.Database.Tables {
		if t.Verdict == "walled" {
			s.Walled++
		}
	}
	for _, p := range e.Database.Policies {
		if p.Difference != "" {
			s.Differences++
		}
	}
}

func (e *evidence) write(dir, reports string) error {
	w := writer{dir: dir}
	w.json("summary.json", e.Summary)
	for format, name := range map[string]string{"table": "audit.txt", "json": "audit.json", "sarif": "audit.sarif"} {
		w.make(name, func(out io.Writer) error { return e.Audit.Write(out, format) })
	}
	w.json("tables.json", e.Database.Tables)
	w.json("policies.json", e.Database.Policies)
	w.json("roles.json", e.Database.Roles)
	w.json("reach.json", e.Database.Reach)
	w.json("posture.json", e.Database.Facts)
	w.json("operations.json", e.Operations)
	for _, f := range policies.Files() {
		w.make("policies/"+f.Name, func(out io.Writer) error { _, err := io.WriteString(out, f.SQL); return err })
	}
	for _, r := range e.Reports {
		for _, name := range r.Files {
			w.copied("reports/"+name, filepath.Join(reports, name))
		}
	}
	e.Files = w.sums()
	w.make("index.html", func(out io.Writer) error { return pageTemplate().Execute(out, e) })
	w.make(Sums, func(out io.Writer) error {
		for _, f := range w.sums() {
			if _, err := fmt.Fprintf(out, "%s  %s\n", f.SHA256, f.Name); err != nil {
				return err
			}
		}
		return nil
	})
	return w.err
}

// The page is embedded: one that cannot be read fails every test.
func pageTemplate() *template.Template {
	return template.Must(template.New("page.html").Funcs(template.FuncMap{
		"join":  func(s []string) string { return strings.Join(s, ", ") },
		"short": func(sum string) string { return sum[:min(len(sum), 12)] },
		"has":   slices.Contains[[]string],
	}).ParseFS(page, "page.html"))
}

// A writer writes files of a directory until the first error.
type writer struct {
	dir   string
	files []file
	err   error
}

func (w *writer) make(name string, fill func(io.Writer) error) {
	if w.err != nil {
		return
	}
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if w.err = os.MkdirAll(filepath.Dir(path), 0o750); w.err != nil {
		return
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640) //nolint:gosec // named by whoever sits there
	if w.err = err; err != nil {
		return
	}
	sum := sha256.New()
	w.err = fill(io.MultiWriter(out, sum))
	if err := out.Close(); w.err == nil {
		w.err = err
	}
	w.files = append(w.files, file{name, hex.EncodeToString(sum.Sum(nil))})
}

func (w *writer) json(name string, v any) {
	w.make(name, func(out io.Writer) error {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	})
}

func (w *writer) copied(name, from string) {
	w.make(name, func(out io.Writer) error {
		in, err := os.Open(from) //nolint:gosec // of the directory that whoever sits there names
		if err != nil {
			return err
		}
		_, err = io.Copy(out, in)
		_ = in.Close()
		return err
	})
}

// sums are those of the files so far, by name.
func (w *writer) sums() []file {
	return slices.SortedFunc(slices.Values(w.files), func(a, b file) int { return strings.Compare(a.Name, b.Name) })
}

// Check compares the files of a folder with its manifest: no other file, none missing, none changed.
func Check(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, Sums)) //nolint:gosec // named by whoever sits there
	if err != nil {
		return err
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			return fmt.Errorf("%s: a line is no sum and name", Sums)
		}
		want[name] = sum
	}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == Sums {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))) //nolint:gosec // of that folder
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(text); want[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("%s is not what %s says", name, Sums)
		}
		delete(want, name)
		return nil
	})
	for name := range want {
		if err == nil {
			err = fmt.Errorf("%s is missing", name)
		}
	}
	return err
}
