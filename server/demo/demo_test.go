package demo

import (
	"slices"
	"testing"
)

// A script that order forgets would never run.
func TestOrder_NamesEveryScript(t *testing.T) {
	t.Parallel()
	entries, err := scripts.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(order, e.Name()) {
			t.Errorf("%s is in no place of the order", e.Name())
		}
	}
	if len(order) != len(entries) {
		t.Errorf("order names %d scripts, there are %d", len(order), len(entries))
	}
}
