// Package policies holds the database code: roles, context functions, walls, doors, grants and the
// audit. It is installed as a whole, and reads as SQL; nothing here is a migration. README.md says what
// each file is for.
package policies

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
)

var (
	//go:embed before after audit/*.sql
	files embed.FS

	// Close takes the schemas from the roles of the API, for a schema below its newest version.
	//go:embed close.sql
	Close string
)

// A File is one SQL script with its name, for errors.
type File struct {
	Name string
	SQL  string
}

// Before returns the scripts that tables need to exist, in order.
func Before() []File { return read("before") }

// After returns the scripts that need tables to exist, in order. What ends in .tmpl is made for the lints.
func After() []File {
	scripts := read("after")
	for i, f := range scripts {
		if path.Ext(f.Name) == ".tmpl" {
			scripts[i].SQL = fill(f)
		}
	}
	return scripts
}

// Files returns every script as it is written, in the order of installing, the lints last.
func Files() []File { return slices.Concat(read("before"), read("after"), read("audit")) }

// A Lint is one view of the audit. About is what its file says first.
type Lint struct{ Name, About, SQL string }

// Lints returns the lints by name.
func Lints() []Lint {
	queries := read("audit")
	lints := make([]Lint, len(queries))
	for i, f := range queries {
		lints[i] = Lint{Name: strings.TrimSuffix(path.Base(f.Name), ".sql"), About: firstComment(f.SQL), SQL: f.SQL}
	}
	return lints
}

// firstComment is the text of the comment that a script begins with.
func firstComment(sql string) string {
	var words []string
	for line := range strings.Lines(sql) {
		text, ok := strings.CutPrefix(line, "-- ")
		if !ok {
			break
		}
		words = append(words, strings.TrimSpace(text))
	}
	return strings.Join(words, " ")
}

// fill makes a script of a template, with the lints. The templates are embedded, so one that fails fails
// every test.
func fill(f File) string {
	var sql strings.Builder
	if err := template.Must(template.New(f.Name).Parse(f.SQL)).Execute(&sql, share(Lints())); err != nil {
		panic(err)
	}
	return sql.String()
}

// read returns the scripts of a folder and of the folders in it, in the order of their names; what is embedded is
// always readable.
func read(folder string) (scripts []File) {
	err := fs.WalkDir(files, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		sql, err := files.ReadFile(name)
		scripts = append(scripts, File{Name: name, SQL: string(sql)})
		return err
	})
	if err != nil {
		panic(err)
	}
	return scripts
}
