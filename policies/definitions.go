package policies

import (
	"regexp"
	"slices"
	"strings"
)

// A Definition is a view or a routine of schema tenancy as this program installs it.
type Definition struct {
	Name string
	// View is the query of a view, and Routine the statement that makes a function or procedure, in pg_temp instead of tenancy.
	View, Routine string
}

var routineForm = regexp.MustCompile(`(?m)^ *create or replace (?:function|procedure) tenancy\.(\w+)\(`)

// Definitions are all views and routines of schema tenancy.
func Definitions() (all []Definition) {
	for _, f := range slices.Concat(Before(), After()) {
		for _, v := range viewForm.FindAllStringSubmatch(f.SQL, -1) {
			all = append(all, Definition{Name: v[1], View: v[2]})
		}
		for _, m := range routineForm.FindAllStringSubmatchIndex(f.SQL, -1) {
			name := f.SQL[m[2]:m[3]]
			all = append(all, Definition{Name: name, Routine: strings.Replace(statement(f.SQL[m[0]:]), "tenancy."+name+"(", "pg_temp."+name+"(", 1)})
		}
	}
	return all
}

var dollarQuote = regexp.MustCompile(`^\$\w*\$`)

// statement is the first one of a script.
func statement(sql string) string {
	atomic := false
	for i := 0; i < len(sql); i++ {
		rest := sql[i:]
		switch quote := dollarQuote.FindString(rest); {
		case quote != "":
			i += len(quote) + strings.Index(rest[len(quote):], quote) + len(quote) - 1
		case rest[0] == '\'':
			i += 1 + strings.IndexByte(rest[1:], '\'')
		case strings.HasPrefix(rest, "--"):
			i += strings.IndexByte(rest, '\n')
		case strings.HasPrefix(rest, "begin atomic"):
			atomic = true
		case rest[0] == ';' && (!atomic || strings.HasSuffix(sql[:i], "\nend")):
			return sql[:i]
		}
	}
	return sql
}
