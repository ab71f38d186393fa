package database

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A lint looks through a parse tree for what no feature's statement does: filter by customer_id, and join
// tenant tables without it.
type lint struct {
	tables  map[string]relation        // by oid
	equals  map[string]bool            // operators called =, by oid
	context map[string]string          // functions that tell the customer entered, by oid
	filters []string                   // what is wrong with a comparison of customer_id
	joins   map[string]map[string]bool // two mentions of tables → by which columns
	names   map[string]string          // the same two, for people
}

type relation struct {
	name    string
	columns map[string]string // by number
}

func newLint(t *testing.T, conn *pgx.Conn) *lint {
	t.Helper()
	l := &lint{tables: map[string]relation{}, equals: map[string]bool{}, context: map[string]string{}}
	collect := func(sql string, add func(key, name, more string)) {
		rows, _ := conn.Query(t.Context(), sql)
		var key, name, more string
		if _, err := pgx.ForEachRow(rows, []any{&key, &name, &more}, func() error { add(key, name, more); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	collect(`
		select c.oid || '.' || a.attnum, c.oid::regclass::text, a.attname::text
		from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace) and c.relkind in ('r', 'p', 'v') and a.attnum > 0`,
		func(key, table, column string) {
			oid, number, _ := strings.Cut(key, ".")
			if l.tables[oid].columns == nil {
				l.tables[oid] = relation{strings.TrimPrefix(table, "portal."), map[string]string{}}
			}
			l.tables[oid].columns[number] = column
		})
	collect(`select oid::text, oprname::text, '' from pg_operator where oprname = '='`, func(oid, _, _ string) { l.equals[oid] = true })
	collect(`
		select oid::text, proname::text, '' from pg_proc
		where pronamespace = 'tenancy'::regnamespace and proname in ('customer_id', 'wall')
		  or pronamespace = 'pg_catalog'::regnamespace and proname in ('current_setting', 'set_config')`,
		func(oid, name, _ string) { l.context[oid] = name })
	return l
}

// look returns what a statement does that it should not: filters, and joins without customer_id.
func (l *lint) look(tree *node) (filters, joins []string) {
	l.filters, l.joins, l.names = nil, map[string]map[string]bool{}, map[string]string{}
	l.walk(tree, nil, nil)
	for pair, edges := range l.joins {
		if !edges["customer_id = customer_id"] {
			joins = append(joins, "joins "+l.names[pair]+" without their customer_ids")
		}
	}
	slices.Sort(joins)
	return l.filters, joins
}

// A scope is a query with those around it.
type scope struct {
	query *node
	outer *scope
	quals bool // within its on, where or having: what stands there joins
}

func (s *scope) up(levels string) *scope {
	for n, _ := strconv.Atoi(levels); n > 0 && s != nil; n-- {
		s = s.outer
	}
	return s
}

// walk visits a value; sub is the sub-select whose columns stand in the test around it ("in (select …)").
func (l *lint) walk(v any, s *scope, sub *node) {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			l.walk(e, s, sub)
		}
		return
	}
	n, ok := v.(*node)
	if !ok || n == nil {
		return
	}
	switch n.kind {
	case "QUERY":
		s, sub = &scope{query: n, outer: s}, nil
	case "SUBLINK":
		l.walk(n.node("testexpr"), s, n.node("subselect"))
		l.walk(n.node("subselect"), s, nil)
		return
	case "FUNCEXPR":
		if name, ok := l.context[n.text("funcid")]; ok {
			l.filters = append(l.filters, "calls "+name)
		}
		if n.text("funcresulttype") == "16" && l.touches(n, s, sub) {
			l.filters = append(l.filters, "asks a function about customer_id")
		}
	case "OPEXPR":
		l.operator(n, s, sub)
	case "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR", "ROWCOMPAREEXPR", "NULLTEST":
		if l.touches(n, s, sub) && (n.kind != "NULLTEST" || n.node("arg").kind != "VAR") {
			l.filters = append(l.filters, "compares customer_id in a "+n.kind)
		}
	case "CASE", "CASEEXPR":
		if l.touches(n.node("arg"), s, sub) {
			l.filters = append(l.filters, "compares customer_id in a case")
		}
	}
	for name, field := range n.fields {
		within := s
		if s != nil && (name == "quals" || name == "havingQual") {
			within = &scope{s.query, s.outer, true}
		}
		for _, child := range field {
			l.walk(child, within, sub)
		}
	}
}

// operator judges a comparison: a customer_id equals a customer_id and nothing else; two tables are
// joined by an equality of their columns.
func (l *lint) operator(n *node, s *scope, sub *node) {
	args := n.nodes("args")
	if n.text("opresulttype") != "16" || len(args) != 2 {
		return
	}
	left, right := args[0], args[1]
	equal := l.equals[n.text("opno")]
	if l.touches(n, s, sub) && (!equal || !l.isKey(left, s, sub) || !l.isKey(right, s, sub)) {
		l.filters = append(l.filters, "compares customer_id with something else than a customer_id")
	}
	if !equal || !s.quals {
		return
	}
	for _, a := range l.roots(left, s, sub, "", 0) {
		for _, b := range l.roots(right, s, sub, "", 0) {
			if a.at == b.at || a.looked || b.looked || a.table.name == "" || b.table.name == "" || strings.Contains(a.table.name+b.table.name, ".") {
				continue
			}
			if a.at > b.at {
				a, b = b, a
			}
			pair := a.at + " " + b.at
			if l.joins[pair] == nil {
				l.joins[pair] = map[string]bool{}
			}
			l.joins[pair][a.column+" = "+b.column] = true
			l.names[pair] = fmt.Sprintf("%s and %s", a.table.name, b.table.name)
		}
	}
}

// isKey tells whether an expression is a column customer_id and nothing more.
func (l *lint) isKey(n *node, s *scope, sub *node) bool {
	for n.kind == "RELABELTYPE" {
		n = n.node("arg")
	}
	if n.kind != "VAR" && n.kind != "PARAM" {
		return false
	}
	roots := l.roots(n, s, sub, "", 0)
	return len(roots) > 0 && !slices.ContainsFunc(roots, func(r root) bool { return r.column != "customer_id" || r.within })
}

func (l *lint) touches(n *node, s *scope, sub *node) bool {
	return slices.ContainsFunc(l.roots(n, s, sub, "", 0), func(r root) bool { return r.column == "customer_id" })
}

// A root is a column of a table that an expression is made of.
type root struct {
	at     string // which mention of the table, by the way to it
	table  relation
	column string
	within bool // of an expression, not the column itself
	looked bool // up by a sub-select that stands for one value: no join
}

// roots finds the columns under an expression, through sub-selects, with and joins.
func (l *lint) roots(v any, s *scope, sub *node, way string, depth int) (all []root) {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			all = append(all, l.roots(e, s, sub, way, depth)...)
		}
		return all
	}
	n, ok := v.(*node)
	if !ok || n == nil || s == nil || depth > 30 { // "with recursive" names itself
		return nil
	}
	switch n.kind {
	case "VAR":
		at := s.up(n.text("varlevelsup"))
		number, _ := strconv.Atoi(n.text("varno"))
		if at == nil || number < 1 || number > len(at.query.nodes("rtable")) {
			return nil
		}
		return l.column(at.query.nodes("rtable")[number-1], n.text("varattno"), at, way, depth+1)
	case "PARAM":
		if n.text("paramkind") == "2" && sub != nil { // a column of the sub-select
			return l.target(sub, n.text("paramid"), &scope{query: sub, outer: s}, way, depth+1)
		}
		return nil
	case "SUBLINK":
		all = l.roots(n.node("testexpr"), s, n.node("subselect"), way, depth+1)
		if n.text("subLinkType") != "0" { // not exists
			for _, r := range l.target(n.node("subselect"), "1", &scope{query: n.node("subselect"), outer: s}, way, depth+1) {
				r.looked = true
				all = append(all, r)
			}
		}
	default:
		for _, field := range n.fields {
			for _, child := range field {
				all = append(all, l.roots(child, s, sub, way, depth)...)
			}
		}
	}
	if n.kind != "RELABELTYPE" {
		for i := range all {
			all[i].within = true
		}
	}
	return all
}

// column finds the roots of a column of something in from.
func (l *lint) column(rte *node, number string, s *scope, way string, depth int) []root {
	if depth > 30 || rte.node("eref") != nil && rte.node("eref").text("aliasname") == "excluded" {
		return nil
	}
	way += fmt.Sprintf("/%p", rte)
	if table, ok := l.tables[rte.text("relid")]; ok {
		return []root{{at: way, table: table, column: table.columns[number]}}
	}
	if query := rte.node("subquery"); query != nil {
		return l.target(query, number, &scope{query: query, outer: s}, way, depth)
	}
	for _, field := range []string{"joinaliasvars", "groupexprs"} { // the second since PostgreSQL 18, for what is grouped by
		if meant := rte.list(field); meant != nil {
			if i, _ := strconv.Atoi(number); i >= 1 && i <= len(meant) {
				return l.roots(meant[i-1], s, nil, strings.TrimSuffix(way, fmt.Sprintf("/%p", rte)), depth)
			}
		}
	}
	if name := rte.text("ctename"); name != "" {
		if at := s.up(rte.text("ctelevelsup")); at != nil {
			for _, with := range at.query.nodes("cteList") {
				if query := with.node("ctequery"); query != nil && with.text("ctename") == name {
					return l.target(query, number, &scope{query: query, outer: at}, way, depth)
				}
			}
		}
	}
	return nil
}

// target finds the roots of a column of a query's result.
func (l *lint) target(query *node, number string, s *scope, way string, depth int) (all []root) {
	if query.node("setOperations") != nil {
		for _, leg := range query.nodes("rtable") {
			all = append(all, l.column(leg, number, s, way, depth+1)...)
		}
		return all
	}
	list := query.nodes("targetList")
	if query.text("commandType") != "1" { // insert, update or delete … returning
		list = query.nodes("returningList")
	}
	for _, entry := range list {
		if entry.text("resno") == number {
			return l.roots(entry.node("expr"), s, nil, way, depth+1)
		}
	}
	return nil
}
