package cli

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each command has a file to itself. What two of them need is in a file that is no command's, and uses none.
func TestCommands_StandApart(t *testing.T) {
	t.Parallel()
	for _, fault := range entangled(t, sources(t)) {
		t.Error(fault)
	}
}

func TestCommands_EntangledOnesAreFound(t *testing.T) {
	t.Parallel()
	for _, planted := range []struct{ file, code, want string }{
		{"health.go", `func planted() { welcome("", nil, "") }`, "health.go uses welcome of up.go"},
		{"audit.go", `const planted = operatorPasswordSQL`, "audit.go uses operatorPasswordSQL of admin.go"},
		{"admin.go", `func planted(c customersCreate) { _ = c.adminName }`, "admin.go uses adminName of customers.go"},
		{"keys.go", `func (c keysRotate) planted() error { return migrateUp{}.Run(nil, nil) }`, "keys.go uses Run of migrate.go"},
		{"database.go", `func planted() { welcome("", nil, "") }`, "database.go uses welcome of up.go"},
		{"openapi.go", `type healthCommand struct{}`, "openapi.go holds openapiCommand and healthCommand"},
	} {
		all := sources(t)
		all[planted.file] += "\n" + planted.code
		if strings.Contains(planted.want, " holds ") {
			delete(all, "health.go")
		}
		if faults := entangled(t, all); !slices.Contains(faults, planted.want) {
			t.Errorf("%s in %s: %q; want %q", planted.code, planted.file, faults, planted.want)
		}
	}
}

// sources are the files of this package, without its tests.
func sources(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

// entangled says which files use what a command's file declares, other than the list of all commands.
func entangled(t *testing.T, sources map[string]string) (faults []string) {
	t.Helper()
	set := token.NewFileSet()
	var files []*ast.File
	for name, text := range sources {
		file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	fileOf := func(pos token.Pos) string { return set.File(pos).Name() }
	// What is of other packages stays unknown: commands call each other by names of this one.
	uses := types.Info{Uses: map[*ast.Ident]types.Object{}}
	check := types.Config{Importer: nothing{}, Error: func(error) {}}
	pkg, _ := check.Check("cli", set, files, &uses)

	list := pkg.Scope().Lookup("commands")
	commandOf := map[string]string{}
	fields := list.Type().Underlying().(*types.Struct)
	for i := range fields.NumFields() {
		command := fields.Field(i).Type().(*types.Named).Obj()
		file := fileOf(command.Pos())
		if other := commandOf[file]; other != "" {
			faults = append(faults, file+" holds "+other+" and "+command.Name())
		}
		commandOf[file] = command.Name()
	}
	for name, object := range uses.Uses {
		if object.Pkg() != pkg || fileOf(name.Pos()) == fileOf(list.Pos()) {
			continue
		}
		if user, owner := fileOf(name.Pos()), fileOf(object.Pos()); user != owner && commandOf[owner] != "" {
			faults = append(faults, user+" uses "+name.Name+" of "+owner)
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

// nothing imports no package.
type nothing struct{}

func (nothing) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }
