package policies

import (
	"regexp"
	"slices"
	"strings"
)

// costly are the views whose rows take most of the time of an audit: every policy printed, and every path followed.
var costly = []string{"policies", "reach"}

// sharedLints are the lints as after/37_audit.sql.tmpl installs them.
type sharedLints struct {
	Lints   []Lint
	Shared  []sharedQuery
	Queries []string // the views in which all lints are once: the shared ones, and of the lints that read nothing costly their own
}

// A sharedQuery is all lints that read one costly view, which is read once.
type sharedQuery struct{ Of, SQL string }

// share puts the lints that read the same costly view into one query.
func share(lints []Lint) sharedLints {
	s := sharedLints{Lints: lints}
	views := map[string]string{}
	for _, f := range read("after") {
		for _, v := range viewForm.FindAllStringSubmatch(f.SQL, -1) {
			views[v[1]] = v[2]
		}
	}
	rest := lints
	for _, of := range costly {
		var sql string
		sql, rest = shareOne(of, rest, views)
		s.Shared = append(s.Shared, sharedQuery{of, sql})
		s.Queries = append(s.Queries, of+"_lints")
	}
	for _, l := range rest {
		s.Queries = append(s.Queries, "lint_"+l.Name)
	}
	return s
}

// shareOne is one query of the lints that read a view, however indirectly, and the other lints.
func shareOne(of string, lints []Lint, views map[string]string) (sql string, others []Lint) {
	var reading func(name string) bool
	reading = func(name string) bool {
		return name == of || slices.ContainsFunc(references(bare(views[name])), reading)
	}
	with := []string{of + " as materialized (select * from tenancy." + of + ")"}
	done := map[string]bool{of: true}
	// once writes the views that read it as the ones before it.
	var once func(sql string) string
	once = func(sql string) string {
		sql = bare(sql)
		for _, name := range references(sql) {
			if !reading(name) {
				continue
			}
			if !done[name] {
				done[name] = true
				with = append(with, name+" as materialized (\n"+once(views[name])+"\n)")
			}
			view := regexp.MustCompile(`\btenancy\.` + name + `\b`)
			sql = outside(sql, func(code string) string { return view.ReplaceAllString(code, name) })
		}
		return sql
	}
	var queries []string
	for _, l := range lints {
		if slices.ContainsFunc(references(bare(l.SQL)), reading) {
			queries = append(queries, strings.TrimSpace(once(l.SQL)))
		} else {
			others = append(others, l)
		}
	}
	return "with " + strings.Join(with, ",\n") + "\n" + strings.Join(queries, "\nunion all\n") + "\n", others
}
