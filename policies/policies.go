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

// After returns the scripts that need tables to exist, in order: helpers and registers, the audit's
// views, then walls, doors, functions, grants.
func After() []File {
	files := read(after, "after")
	for i, f := range files {
		if f.Name >= "after/40" {
			return append(append(append([]File{}, files[:i]...), Audit()), files[i:]...)
		}
	}
	return append(files, Audit())
}

// Audit returns the script that makes a view tenancy.lint_NAME of each lint, and tenancy.findings of
// them all.
func Audit() File {
	var views, union strings.Builder
	for i, f := range read(audit, "audit") {
		name := strings.TrimSuffix(path.Base(f.Name), ".sql")
		views.WriteString(ensureView("lint_"+name, f.SQL))
		if i > 0 {
			union.WriteString("union all\n")
		}
		fmt.Fprintf(&union, "select lint, severity, object, detail, remedy from tenancy.lint_%s\n", name)
	}
	return File{
		Name: "audit/*.sql",
		SQL: views.String() + ensureView("findings", union.String()) +
			"comment on view tenancy.findings is 'Every lint of the audit; severity error stops the server.';\n",
	}
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
