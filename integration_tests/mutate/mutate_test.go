package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A mutant whose text is not found exactly once would change nothing, or something else.
func TestOverlay_StaleMutantIsAnError(t *testing.T) {
	t.Parallel()
	for source, stale := range map[string]bool{"if bad {": false, "if worse {": true, "if bad { if bad {": true} {
		root, dir := t.TempDir(), t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, "server", "auth"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "server", "auth", "a.go"), []byte("package auth\n"+source), 0o600); err != nil {
			t.Fatal(err)
		}
		path, err := overlay(root, dir, []mutant{{name: "good", source: []edit{{"server/auth/a.go", "if bad", "if !MUTANT && bad"}}}})
		if errors.Is(err, errStale) != stale || err != nil && !stale {
			t.Errorf("%q: %v, stale: %t", source, err, stale)
		}
		if err != nil {
			continue
		}
		replaced, err := os.ReadFile(filepath.Join(dir, "server_auth_a.go"))
		if err != nil || string(replaced) != "package auth\nif !mutant(\"good\") && bad {" {
			t.Errorf("%s (%v)", replaced, err)
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), filepath.Join(root, "server", "auth", "mutant.go")) {
			t.Errorf("the overlay has no switch: %s (%v)", text, err)
		}
	}
}

func TestMutants_FitTheSource(t *testing.T) {
	t.Parallel()
	if _, err := overlay(filepath.Join("..", ".."), t.TempDir(), mutants); err != nil {
		t.Error(err)
	}
}

func TestSummary_EveryFaultCounts(t *testing.T) {
	t.Parallel()
	seen := mutant{lints: []string{"rls_disabled"}}
	for name, c := range map[string]struct {
		o    outcome
		want string
	}{
		"killed and named":          {outcome{Killers: []string{"TestWalls"}, Lints: []string{"policy_drift", "rls_disabled"}, m: seen}, ""},
		"killed, unseen":            {outcome{Killers: []string{"TestWalls"}, m: mutant{unseen: "no lint reads code"}}, ""},
		"of the source":             {outcome{Killers: []string{"TestWalls"}}, ""},
		"survivor":                  {outcome{Lints: []string{"rls_disabled"}, m: seen}, "SURVIVED"},
		"silent lint":               {outcome{Killers: []string{"TestWalls"}, Lints: []string{"policy_drift"}, m: seen}, "not named by rls_disabled"},
		"wrongly said to be unseen": {outcome{Killers: []string{"TestWalls"}, Lints: []string{"policy_drift"}, m: mutant{unseen: "no lint reads code"}}, "named by a lint, though it is said that none can"},
		"not made":                  {outcome{Killers: []string{"TestWalls"}, Err: "no such table"}, "no such table"},
	} {
		if have := c.o.fault(); have != c.want {
			t.Errorf("%s: %q, want %q", name, have, c.want)
		}
		var out bytes.Buffer
		if err := summarize(&out, []outcome{{Killers: []string{"TestWalk"}}, c.o}, time.Second); (err != nil) != (c.want != "") {
			t.Errorf("%s: %v\n%s", name, err, &out)
		}
	}
}

func TestMutants_AreWellFormed(t *testing.T) {
	t.Parallel()
	var tests []string
	for _, test := range killers(mutants) {
		top, _, _ := strings.Cut(test, "/")
		tests = append(tests, top)
	}
	if err := check(mutants, tests); err != nil {
		t.Error(err)
	}
	if len(mutants) < 60 {
		t.Errorf("%d mutants", len(mutants))
	}
	good := mutant{name: "good", sql: "select 1", by: []string{"TestWalls_HoldInSQL"}, lints: []string{"rls_disabled"}}
	for name, spoil := range map[string]func(*mutant){
		"no change":     func(m *mutant) { m.sql = "" },
		"two changes":   func(m *mutant) { m.source = []edit{{}} },
		"no test":       func(m *mutant) { m.by = nil },
		"a lint's test": func(m *mutant) { m.by = []string{"TestAudit_EveryLintSeesItsFault"} },
		"unknown test":  func(m *mutant) { m.by = []string{"TestWalls_Nowhere"} },
		"no lint":       func(m *mutant) { m.lints = nil },
		"twice":         func(m *mutant) { m.name = "other" },
	} {
		bad := good
		spoil(&bad)
		if check([]mutant{{name: "other", source: []edit{{}}, by: good.by}, bad}, append(good.by, "TestAudit_EveryLintSeesItsFault")) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// The overlay of today's mutants can be made of today's source.
func TestOverlay_FitsTheSource(t *testing.T) {
	t.Parallel()
	if _, err := overlay(filepath.Join("..", ".."), t.TempDir(), mutants); err != nil {
		t.Error(err)
	}
}
