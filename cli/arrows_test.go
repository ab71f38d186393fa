package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// A command's file, which is one with a method Run, uses nothing of another command's file. What several share is in
// files that are named after it. cli.go lists the commands; keysvault.go is a part of keys.go.
func TestCommands_UseNoOtherCommandsFile(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	commands, home := map[string]*ast.File{}, map[string]string{} // of what is declared at the top, the file
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range declared(file) {
			if d == "Run" {
				commands[name] = file
			} else {
				home[d] = name
			}
		}
	}
	if len(commands) < 10 {
		t.Errorf("%d files of commands", len(commands))
	}
	delete(commands, "cli.go")
	for name, file := range commands {
		ast.Inspect(file, func(n ast.Node) bool {
			used, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			at := home[used.Name]
			if at != "" && commands[at] != nil && !strings.HasPrefix(at, strings.TrimSuffix(name, ".go")) {
				t.Errorf("%s uses %s of %s", name, used.Name, at)
			}
			return true
		})
	}
}

// declared are the names of what a file declares at its top, methods among them.
func declared(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}
