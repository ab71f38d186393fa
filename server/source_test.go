package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sources are the files of the server, without tests.
func sources(t *testing.T) (*token.FileSet, []*ast.File) {
	t.Helper()
	set := token.NewFileSet()
	var all []*ast.File
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		all = append(all, file)
		return err
	})
	if err != nil || len(all) < 50 {
		t.Fatalf("%d files were read: %v", len(all), err)
	}
	return set, all
}

// An error says why, and only some say that something is absent or taken: endpoint.Missing and db.Violates ask which.
// A branch for any error that answers such a thing hides a database that is down.
func TestErrors_AreNotTakenForAbsence(t *testing.T) {
	t.Parallel()
	set, files := sources(t)
	for _, file := range files {
		for _, at := range hiding(file) {
			t.Errorf("%s: any error is answered as if something were absent or taken; ask which it is (endpoint.Missing)", set.Position(at))
		}
	}
	planted, err := parser.ParseFile(set, "planted.go", "package p\nfunc f() error { if err := g(); err != nil { return endpoint.NotFound(\"event\") }; return nil }", 0)
	if err != nil || len(hiding(planted)) != 1 {
		t.Errorf("a planted one is not seen: %v", err)
	}
}

// hiding are the places in which an error becomes absence.
func hiding(file *ast.File) (places []token.Pos) {
	ast.Inspect(file, func(n ast.Node) bool {
		branch, ok := n.(*ast.IfStmt)
		if !ok {
			return true
		}
		c, ok := branch.Cond.(*ast.BinaryExpr)
		if !ok || c.Op != token.NEQ || !isNamed(c.X, "err") || !isNamed(c.Y, "nil") {
			return true
		}
		ast.Inspect(branch.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && isProblem(call.Fun) {
				places = append(places, call.Pos())
			}
			_, nested := n.(*ast.IfStmt)
			return !nested
		})
		return true
	})
	return places
}

func isNamed(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}

func isProblem(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && isNamed(s.X, "endpoint") && slices.Contains([]string{"NotFound", "Conflict", "Forbidden"}, s.Sel.Name)
}

// counted is a number before a plural; a bound, which is never one, says so before it.
var counted = regexp.MustCompile(`(\w+ )?%d (?:[a-z-]+ )?(?:[a-z]{3,}s)\b`)

// What is counted is said by endpoint.Count, which knows one from many.
func TestCounts_KnowOneFromMany(t *testing.T) {
	t.Parallel()
	set, files := sources(t)
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				return true
			}
			for _, found := range counted.FindAllStringSubmatch(text.Value, -1) {
				if !slices.Contains([]string{"most ", "least ", "than ", "first ", "row ", "line ", "not ", "to "}, found[1]) {
					t.Errorf("%s: %q: say it by endpoint.Count", set.Position(text.Pos()), found[0])
				}
			}
			return true
		})
	}
	if !counted.MatchString("%d requests approved") {
		t.Error("a planted one is not seen")
	}
}
