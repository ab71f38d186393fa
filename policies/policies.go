// Package policies holds the database code: roles, context functions, walls, doors, grants and the
// audit. It is installed as a whole, and reads as SQL; nothing here is a migration.
package policies

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

var (
	//go:embed before/*.sql
	before embed.FS
	//go:embed after/*.sql
	after embed.FS
	//go:embed audit/*.sql
	audit embed.FS

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
func Before() []File { return read(before, "before") }

// After returns the scripts that need tables to exist, in order: helpers, registers and walls, the audit's
// views, then what reads these, functions, grants.
func After() []File {
	files := read(after, "after")
	for i, f := range files {
		if f.Name >= "after/38" {
			return append(append(append([]File{}, files[:i]...), Audit()), files[i:]...)
		}
	}
	return append(files, Audit())
}

// A Lint is one view of the audit. About is what its file says first.
type Lint struct{ Name, About, SQL string }

// Lints returns the lints by name.
func Lints() []Lint {
	files := read(audit, "audit")
	lints := make([]Lint, len(files))
	for i, f := range files {
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

// dropOldLintsSQL takes away the views of lints that are no more.
const dropOldLintsSQL = `
do $$
declare
  gone regclass;
begin
  for gone in
    select c.oid from pg_class c
    where c.relnamespace = 'tenancy'::regnamespace and c.relkind = 'v' and c.relname ~ '^lint_' and c.relname <> all ('{%s}')
  loop
    execute format('drop view %%s', gone);
  end loop;
end
$$;
`

// Audit returns the script that makes a view tenancy.lint_NAME of each lint; tenancy.findings runs them all.
func Audit() File {
	var views strings.Builder
	var names []string
	for _, l := range Lints() {
		view := "lint_" + l.Name
		names = append(names, view)
		views.WriteString(ensureView(view, l.SQL))
		fmt.Fprintf(&views, "comment on view tenancy.%s is '%s';\n", view, strings.ReplaceAll(l.About, "'", "''"))
	}
	return File{Name: "audit/*.sql", SQL: views.String() + fmt.Sprintf(dropOldLintsSQL, strings.Join(names, ","))}
}

// ensureView makes a view, and leaves one alone that is as it should be.
func ensureView(name, query string) string {
	return fmt.Sprintf("call tenancy.ensure_view('%s', $view$\n%s$view$);\n", name, query)
}

// read returns the scripts of an embedded folder; an embedded folder is always readable.
func read(folder embed.FS, name string) []File {
	entries, err := fs.ReadDir(folder, name)
	if err != nil {
		panic(err)
	}
	files := make([]File, 0, len(entries))
	for _, e := range entries {
		sql, err := fs.ReadFile(folder, path.Join(name, e.Name()))
		if err != nil {
			panic(err)
		}
		files = append(files, File{Name: path.Join(name, e.Name()), SQL: string(sql)})
	}
	return files
}
