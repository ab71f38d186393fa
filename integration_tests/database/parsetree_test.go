package database

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"contractor-portal/integration_tests/harness"
)

// A node is one of PostgreSQL's own parse tree, after names were resolved: what a statement means, however
// it is written.
type node struct {
	kind   string
	fields map[string][]any // texts, *nodes, and lists ([]any) of them
}

// text is the first value of a field.
func (n *node) text(field string) string {
	if v := n.fields[field]; len(v) > 0 {
		s, _ := v[0].(string)
		return s
	}
	return ""
}

// node is the first value of a field, where it is one.
func (n *node) node(field string) *node {
	if v := n.fields[field]; len(v) > 0 {
		child, _ := v[0].(*node)
		return child
	}
	return nil
}

// list is the list in a field.
func (n *node) list(field string) []any {
	if v := n.fields[field]; len(v) > 0 {
		list, _ := v[0].([]any)
		return list
	}
	return nil
}

// nodes are those in the list in a field.
func (n *node) nodes(field string) (all []*node) {
	for _, v := range n.list(field) {
		if child, ok := v.(*node); ok {
			all = append(all, child)
		}
	}
	return all
}

// A treeParser asks PostgreSQL for parse trees, on a superuser's connection.
type treeParser struct {
	conn  *pgx.Conn
	trees []string
}

func newTreeParser(t *testing.T, database string) *treeParser {
	t.Helper()
	p := &treeParser{}
	cfg, err := pgx.ParseConfig(harness.Suite.Cluster.URL("", database))
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams["search_path"] = "portal, pg_temp"
	cfg.RuntimeParams["debug_print_parse"] = "on"
	cfg.RuntimeParams["debug_pretty_print"] = "off"
	cfg.RuntimeParams["client_min_messages"] = "log"
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if strings.HasPrefix(n.Message, "parse tree") {
			p.trees = append(p.trees, n.Detail)
		}
	}
	if p.conn, err = pgx.ConnectConfig(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.conn.Close(context.WithoutCancel(t.Context())) })
	return p
}

// parse returns the tree of one statement; nil for one without, such as begin.
func (p *treeParser) parse(t *testing.T, sql string) *node {
	t.Helper()
	tree, err := p.tryParse(t, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return tree
}

// tryParse is parse of what PostgreSQL may refuse.
func (p *treeParser) tryParse(t *testing.T, sql string) (*node, error) {
	t.Helper()
	p.trees = nil
	if _, err := p.conn.Prepare(t.Context(), "", sql); err != nil {
		return nil, err
	}
	if len(p.trees) != 1 {
		t.Fatalf("%d parse trees of %s", len(p.trees), sql)
	}
	r := treeReader{text: p.trees[0]}
	tree, _ := r.value().(*node)
	if tree == nil {
		t.Fatalf("no parse tree of %s: %.100s", sql, p.trees[0])
	}
	return tree, nil
}

// A treeReader reads {KIND :field value … :field (list …)}, the form in which PostgreSQL prints its
// nodes.
type treeReader struct {
	text string
	at   int
}

func (r *treeReader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \n\t\r", r.text[r.at]) >= 0 {
		r.at++
	}
}

// peek is the next character that is no space; 0 at the end.
func (r *treeReader) peek() byte {
	r.space()
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

func (r *treeReader) value() any {
	switch r.peek() {
	case '{':
		r.at++
		n := &node{kind: r.token(), fields: map[string][]any{}}
		field := ""
		for c := r.peek(); c != '}' && c != 0; c = r.peek() {
			if c == ':' {
				field = r.token()[1:]
				n.fields[field] = nil
				continue
			}
			n.fields[field] = append(n.fields[field], r.value())
		}
		r.at++
		return n
	case '(':
		r.at++
		list := []any{}
		for c := r.peek(); c != ')' && c != 0; c = r.peek() {
			list = append(list, r.value())
		}
		r.at++
		return list
	}
	return r.token()
}

// token reads up to a space or a bracket; a backslash takes the meaning from either. Texts in a list
// stand in quotes, absent values are written <>.
func (r *treeReader) token() string {
	r.space()
	var b strings.Builder
	for start := r.at; r.at < len(r.text); r.at++ {
		c := r.text[r.at]
		if c == '\\' && r.at+1 < len(r.text) {
			r.at++
			b.WriteByte(r.text[r.at])
			continue
		}
		if strings.IndexByte(" \n\t\r(){}", c) >= 0 {
			if r.at == start { // a stray bracket
				r.at++
			}
			break
		}
		b.WriteByte(c)
	}
	if s := b.String(); s != "<>" {
		return strings.Trim(s, `"`)
	}
	return ""
}
