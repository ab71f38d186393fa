package main

import (
	"strings"
	"testing"

	"contractor-portal/integration_tests/bench/stage"
)

// The variants must follow the product: each edit fits once, and what comes of it compiles.
func TestVariants_FitTheProduct(t *testing.T) {
	t.Parallel()
	root, err := stage.Run(nil, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants {
		t.Run(v.key, func(t *testing.T) {
			t.Parallel()
			overlay, err := v.overlay(root, t.TempDir())
			if err == nil {
				_, err = stage.Run(nil, "go", "build", "-overlay", overlay, "contractor-portal/db", "contractor-portal/server/properties")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVariants_StaleEditFails(t *testing.T) {
	t.Parallel()
	root, err := stage.Run(nil, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		t.Fatal(err)
	}
	stale := variant{key: "x", edits: []edit{{"db/unit.go", "what nobody wrote", ""}}}
	if _, err := stale.overlay(root, t.TempDir()); err == nil || !strings.Contains(err.Error(), "0 times") {
		t.Errorf("a stale edit: %v", err)
	}
}
