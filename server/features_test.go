package server

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A package that registers operations is called by server.go, or nobody can call its operations.
func TestFeatures_AreRegistered(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("server.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	features := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`(?m)^func Routes\(`).Match(source) {
			continue
		}
		features++
		if name := filepath.Dir(file); !strings.Contains(string(program), "\t"+name+".Routes(") {
			t.Errorf("server.go does not register package %s: add the line %s.Routes(api.Tag(name, sentence)) to features", name, name)
		}
	}
	if features < 10 {
		t.Errorf("only %d features were found", features)
	}
}
