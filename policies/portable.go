package policies

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// An Unasked is a lint that means nothing in a database that is not the portal's, and why.
type Unasked struct{ Name, Reason string }

// Settings are the columns of tenancy.audited, in the order in which Portable's queries take them as arguments.
var Settings = []string{
	"tenant_schemas text[]", "tenant_column text", "tenant_type text", "wall text", "compares text", "context text", "settings text[]",
	"readers text", "reader_names text", "roles text[]", "owner text", "secrets jsonb",
}

// audited is tenancy.audited of another database.
const audited = `audited as (
select
  false as canonical, %s,
  $1::text[] as table_schemas, $1::text[] as schemas, $10::text[] as servers,
  '{}'::text[] as silent_roles, '{}'::text[] as backup_roles, null::text as definer
)`

// catalogue is the file whose views are of any database.
const catalogue = "after/16_catalogue.sql"

// secrets is tenancy.secret_columns of another database: an array of objects with the names of its columns.
const secrets = `
select s.table_name, s.column_name, s.readers, false as is_credential
from tenancy.audited a
cross join lateral jsonb_to_recordset(a.secrets) as s (table_name text, column_name text, readers text[])`

// elsewhere says which views of the other files are of any database, too: true, as they are, and false, where nobody has
// registered anything yet.
var elsewhere = map[string]bool{
	"fixed_minors": true, "reach": true, "platform_access": false, "bars": false, "definer_functions": false, "other_references": false, "wanted_policies": false, "narrow_doors": false,
	"other_doors": false,
}

// pointless are lints that could be asked anywhere and say nothing there.
var pointless = map[string]string{
	"stray_table":     "tables that nobody can reach are no hole; of the portal's own it says that they wait for portal migrate",
	"id_not_identity": "how ids are given is the portal's own rule",
}

var (
	viewForm     = regexp.MustCompile(`(?s)call tenancy\.ensure_view\('(\w+)', \$view\$\n(.*?)\n\$view\$\);`)
	functionForm = regexp.MustCompile(`(?s)create or replace function tenancy\.(\w+)\(([^)]*)\) returns [^\n]*\n\s*language sql[^\n]*\n(?:set [^\n]*\n)?\s*return (.*?);\n`)
	reference    = regexp.MustCompile(`\btenancy\.(\w+)(\()?`)
	text         = regexp.MustCompile(`'(?:[^']|'')*'`)
	textOrNote   = regexp.MustCompile(`'(?:[^']|'')*'|--[^\n]*`)
	// A text that is a name of the portal's own.
	own = regexp.MustCompile(`'(?:(?:portal|platform)(?:_\w+)?(?:\.\w+)?|tenancy\.\w+(?:\(\))?|customer_id)'`)
)

// A function is one whose body is one SQL expression.
type function struct {
	params []string
	body   string
}

// A writer writes lints as queries that need nothing but PostgreSQL's catalogue.
type writer struct {
	views     map[string]string
	functions map[string]function
}

// Portable returns the lints that can be asked of any database, each as one query that reads the catalogue alone and takes
// Settings as its arguments, and the others. The query is to run under search_path = pg_catalog, pg_temp.
func Portable() (asked []Lint, unasked []Unasked) {
	w := writer{views: map[string]string{}, functions: map[string]function{}}
	for _, f := range slices.Concat(Before(), After()) {
		for _, v := range viewForm.FindAllStringSubmatch(f.SQL, -1) {
			if asIs, known := elsewhere[v[1]]; f.Name == catalogue || known && asIs {
				w.views[v[1]] = v[2]
			} else if known {
				w.views[v[1]] = "select * from (\n" + v[2] + "\n) as register where false"
			}
		}
		for _, m := range functionForm.FindAllStringSubmatch(f.SQL, -1) {
			var params []string
			for p := range strings.SplitSeq(m[2], ",") {
				if words := strings.Fields(p); len(words) > 0 {
					params = append(params, words[0])
				}
			}
			w.functions[m[1]] = function{params, m[3]}
		}
	}
	w.views["secret_columns"] = secrets
	for _, l := range Lints() {
		sql, reason := w.write(l.Name, l.SQL)
		if why, ok := pointless[l.Name]; ok {
			reason = why
		}
		if reason != "" {
			unasked = append(unasked, Unasked{l.Name, reason})
			continue
		}
		asked = append(asked, Lint{Name: l.Name, About: l.About, SQL: sql})
	}
	return asked, unasked
}

// write is a lint as a query of its own, or why it cannot be.
func (w writer) write(name, lint string) (sql, reason string) {
	lint = bare(lint)
	var columns []string
	for i, s := range Settings {
		name, kind, _ := strings.Cut(s, " ")
		columns = append(columns, fmt.Sprintf("$%d::%s as %s", i+1, kind, name))
	}
	with := []string{fmt.Sprintf(audited, strings.Join(columns, ", "))}
	done := map[string]bool{"audited": true}
	var add func(sql string) string
	add = func(sql string) string {
		sql = w.expand(bare(sql))
		for _, relation := range references(sql) {
			if done[relation] || reason != "" {
				continue
			}
			view, ok := w.views[relation]
			if !ok {
				reason = "it needs tenancy." + relation + ", which only the portal has"
				continue
			}
			done[relation] = true
			view = add(view)
			with = append(with, relation+" as not materialized (\n"+view+"\n)")
		}
		return outside(sql, func(code string) string { return reference.ReplaceAllString(code, "$1$2") })
	}
	sql = add(lint)
	if reason != "" {
		return "", reason
	}
	if i := slices.IndexFunc(own.FindAllString(lint, -1), func(s string) bool { return s != "'"+name+"'" }); i >= 0 {
		return "", "it is about " + strings.Trim(own.FindAllString(lint, -1)[i], "'") + ", which is the portal's own"
	}
	return "with " + strings.Join(with, ",\n") + "\n" + sql, ""
}

// references are the relations and functions of tenancy that a query names, each once.
func references(sql string) []string {
	names := map[string]bool{}
	outside(sql, func(code string) string {
		for _, m := range reference.FindAllStringSubmatch(code, -1) {
			names[m[1]] = true
		}
		return code
	})
	return slices.Sorted(maps.Keys(names))
}

// expand writes the functions of one expression where they are called.
func (w writer) expand(sql string) string {
	for {
		blank := text.ReplaceAllStringFunc(sql, func(s string) string { return strings.Repeat("_", len(s)) })
		call := slices.IndexFunc(reference.FindAllStringSubmatchIndex(blank, -1), func(m []int) bool {
			_, ok := w.functions[blank[m[2]:m[3]]]
			return ok && m[4] >= 0
		})
		if call < 0 {
			return sql
		}
		m := reference.FindAllStringSubmatchIndex(blank, -1)[call]
		args, end := arguments(sql, blank, m[5])
		f := w.functions[blank[m[2]:m[3]]]
		param := regexp.MustCompile(`\b(?:` + strings.Join(f.params, "|") + `)\b`)
		body := outside(f.body, func(code string) string {
			return param.ReplaceAllStringFunc(code, func(p string) string { return "(" + args[slices.Index(f.params, p)] + ")" })
		})
		sql = sql[:m[0]] + "(" + body + ")" + sql[end:]
	}
}

// arguments are those of the call whose parenthesis opens before start; end is behind the one that closes. In blank the texts
// are blank, so that no parenthesis or comma of theirs counts.
func arguments(sql, blank string, start int) (args []string, end int) {
	depth, from := 1, start
	for i := start; ; i++ {
		switch blank[i] {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		}
		if depth == 0 || depth == 1 && blank[i] == ',' {
			args, from = append(args, strings.TrimSpace(sql[from:i])), i+1
		}
		if depth == 0 {
			return args, i + 1
		}
	}
}

// bare is a query without its comments.
func bare(sql string) string {
	return textOrNote.ReplaceAllStringFunc(sql, func(s string) string {
		if strings.HasPrefix(s, "--") {
			return ""
		}
		return s
	})
}

// outside changes what is not in a text.
func outside(sql string, change func(code string) string) string {
	var b strings.Builder
	from := 0
	for _, t := range text.FindAllStringIndex(sql, -1) {
		b.WriteString(change(sql[from:t[0]]))
		b.WriteString(sql[t[0]:t[1]])
		from = t[1]
	}
	b.WriteString(change(sql[from:]))
	return b.String()
}
