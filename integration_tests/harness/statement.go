package harness

import (
	"fmt"
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

// A Statement is an SQL constant of the program's sources: one whose name ends in SQL.
type Statement struct {
	Package string // server/properties
	Name    string // listSQL
	SQL     string
}

func (s Statement) String() string { return s.Package + "." + s.Name }

// Positional is the statement with $1, $2 … for its @names, as pgx sends it.
func (s Statement) Positional(t *testing.T) string {
	t.Helper()
	sql, _, err := pgx.NamedArgs{}.RewriteQuery(t.Context(), nil, s.SQL, nil)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return sql
}

// A SourceFile is one parsed Go file of the program.
type SourceFile struct {
	Pkg, Name string
	Syntax    *ast.File
	positions *token.FileSet
}

// At is the place of a part of the file, for messages.
func (f SourceFile) At(part ast.Node) string {
	return fmt.Sprintf("%s:%d", f.Name, f.positions.Position(part.Pos()).Line)
}

// Sources parses the Go files, tests left out, of server, db and moving.
func Sources(t *testing.T) (files []SourceFile) {
	t.Helper()
	root := os.DirFS(Root)
	for _, dir := range []string{"server", "db", "moving"} {
		err := fs.WalkDir(root, dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			positions := token.NewFileSet()
			syntax, err := parser.ParseFile(positions, filepath.Join(Root, name), nil, parser.SkipObjectResolution)
			files = append(files, SourceFile{path.Dir(name), name, syntax, positions})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// Statements are all SQL constants of the program.
func Statements(t *testing.T) (all []Statement) {
	t.Helper()
	files := Sources(t)
	constants := map[string]map[string]ast.Expr{} // package → name → value
	for _, f := range files {
		if constants[f.Pkg] == nil {
			constants[f.Pkg] = map[string]ast.Expr{}
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			d, ok := n.(*ast.GenDecl)
			if !ok || d.Tok != token.CONST {
				return true
			}
			for _, spec := range d.Specs {
				v := spec.(*ast.ValueSpec)
				for i, value := range v.Values {
					constants[f.Pkg][v.Names[i].Name] = value
				}
			}
			return true
		})
	}
	for pkg, named := range constants {
		for name, value := range named {
			if strings.HasSuffix(name, "SQL") {
				all = append(all, Statement{pkg, name, constantText(t, named, value)})
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

// FindStatement is the one statement of a package and a name.
func FindStatement(t *testing.T, pkg, name string) Statement {
	t.Helper()
	for _, s := range Statements(t) {
		if s.Package == pkg && s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no %s in %s", name, pkg)
	return Statement{}
}
