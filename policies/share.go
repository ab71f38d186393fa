package policies

import (
	"regexp"
	"slices"
	"strings"
)

// printed is the view in which PostgreSQL prints every policy. That takes most of the time of an audit.
const printed = "policies"

// sharedLints are the lints as after/37_audit.sql.tmpl installs them.
type sharedLints struct {
	Lints  []Lint
	Alone  []string // the lints that read no policy
	Shared string   // the others as one query, in which the policies are printed once
}

// share puts the lints that read policies into one query.
func share(lints []Lint) (s sharedLints) {
	s.Lints = lints
	views := map[string]string{}
	for _, f := range read("after") {
		for _, v := range viewForm.FindAllStringSubmatch(f.SQL, -1) {
			views[v[1]] = v[2]
		}
	}
	var reading func(name string) bool // does a view read policies, however indirectly?
	reading = func(name string) bool {
		return name == printed || slices.ContainsFunc(references(bare(views[name])), reading)
	}
	with := []string{printed + " as materialized (select * from tenancy." + printed + ")"}
	done := map[string]bool{printed: true}
	// once writes the views that read policies as the ones before it.
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
		if !slices.ContainsFunc(references(bare(l.SQL)), reading) {
			s.Alone = append(s.Alone, l.Name)
			continue
		}
		queries = append(queries, strings.TrimSpace(once(l.SQL)))
	}
	s.Shared = "with " + strings.Join(with, ",\n") + "\n" + strings.Join(queries, "\nunion all\n") + "\n"
	return s
}
