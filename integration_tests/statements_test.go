package integration_tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A statement is an SQL constant of the program's sources: one whose name ends in SQL.
type statement struct {
	Package string // server/properties
	Name    string // listSQL
	SQL     string
}

func (s statement) String() string { return s.Package + "." + s.Name }

// positional is the statement with $1, $2 … for its @names, as pgx sends it.
func (s statement) positional(t *testing.T) string {
	t.Helper()
	sql, _, err := pgx.NamedArgs{}.RewriteQuery(t.Context(), nil, s.SQL, nil)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return sql
}

// A source is one parsed Go file of the program.
type sourceFile struct {
	pkg, name string
	syntax    *ast.File
}

// sources parses the Go files, tests left out, of server and db.
func sources(t *testing.T) (files []sourceFile) {
	t.Helper()
	root := os.DirFS("..")
	for _, dir := range []string{"server", "db"} {
		err := fs.WalkDir(root, dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.SkipObjectResolution)
			files = append(files, sourceFile{path.Dir(name), name, syntax})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// statements are all SQL constants of the program.
func statements(t *testing.T) (all []statement) {
	t.Helper()
	files := sources(t)
	constants := map[string]map[string]ast.Expr{} // package → name → value
	for _, f := range files {
		if constants[f.pkg] == nil {
			constants[f.pkg] = map[string]ast.Expr{}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			d, ok := n.(*ast.GenDecl)
			if !ok || d.Tok != token.CONST {
				return true
			}
			for _, spec := range d.Specs {
				v := spec.(*ast.ValueSpec)
				for i, value := range v.Values {
					constants[f.pkg][v.Names[i].Name] = value
				}
			}
			return true
		})
	}
	for pkg, named := range constants {
		for name, value := range named {
			if strings.HasSuffix(name, "SQL") {
				all = append(all, statement{pkg, name, constantText(t, named, value)})
			}
		}
	}
	return all
}

// constantText evaluates a constant text: literals, other constants of the package, and sums of them.
func constantText(t *testing.T, named map[string]ast.Expr, e ast.Expr) string {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.Ident:
		if value, ok := named[e.Name]; ok {
			return constantText(t, named, value)
		}
	case *ast.ParenExpr:
		return constantText(t, named, e.X)
	case *ast.BinaryExpr:
		return constantText(t, named, e.X) + constantText(t, named, e.Y)
	}
	t.Fatalf("an SQL constant is made of something else than text: %#v", e)
	return ""
}

// find is the one statement of a package and a name.
func find(t *testing.T, pkg, name string) statement {
	t.Helper()
	for _, s := range statements(t) {
		if s.Package == pkg && s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no %s in %s", name, pkg)
	return statement{}
}
