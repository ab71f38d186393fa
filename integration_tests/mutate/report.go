package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"contractor-portal/integration_tests/report"
)

// An outcome is one row of the kill matrix.
type outcome struct {
	Mutant  string   `json:"mutant"`
	Killers []string `json:"killers"`
	Because string   `json:"because"` // what the first of them complained of
	Lints   []string `json:"lints"`
	Seconds float64  `json:"seconds"`
	Err     string   `json:"error,omitempty"` // it could not be made or hunted

	m mutant
}

// fault is why the mutant is no proof, or "".
func (o outcome) fault() string {
	var silent []string
	for _, lint := range o.m.lints {
		if !slices.Contains(o.Lints, lint) {
			silent = append(silent, lint)
		}
	}
	switch {
	case o.Err != "":
		return o.Err
	case len(o.Killers) == 0:
		return "SURVIVED"
	case len(silent) > 0:
		return "not named by " + strings.Join(silent, ", ")
	case o.m.unseen != "" && len(o.Lints) > 0:
		return "named by a lint, though it is said that none can"
	}
	return ""
}

func (o outcome) print(w io.Writer) {
	fmt.Fprintf(w, "%-36s %5.1f s  %s", o.Mutant, o.Seconds, strings.Join(o.Killers, " "))
	if len(o.Lints) > 0 {
		fmt.Fprintf(w, "  [%s]", strings.Join(o.Lints, " "))
	}
	if fault := o.fault(); fault != "" {
		fmt.Fprintf(w, "  %s", fault)
	}
	fmt.Fprintln(w)
}

// summarize prints what each test killed, and the score. It is an error if that is below all.
func summarize(w io.Writer, outcomes []outcome, took time.Duration) error {
	kills, faults, named := map[string]int{}, 0, 0
	for _, o := range outcomes {
		for _, test := range o.Killers {
			kills[test]++
		}
		if len(o.Lints) > 0 {
			named++
		}
		if o.fault() != "" {
			faults++
		}
	}
	fmt.Fprintln(w)
	for _, test := range slices.Sorted(maps.Keys(kills)) {
		fmt.Fprintf(w, "%3d killed by %s\n", kills[test], test)
	}
	fmt.Fprintf(w, "\n%d of %d mutants killed by behaviour (there are %d), %d named by lints too, %.0f s\n", len(outcomes)-faults, len(outcomes), len(mutants), named, took.Seconds())
	if faults > 0 {
		return fmt.Errorf("%d of %d mutants prove nothing; each says why above", faults, len(outcomes))
	}
	return nil
}

// writeReports writes the kill matrix and its head.
func writeReports(postgres string, outcomes []outcome) error {
	head := struct {
		report.Head
		Of      int `json:"of"` // which there are
		Mutants int `json:"mutants"`
		Killed  int `json:"killed"`
		Named   int `json:"named_by_lints"`
	}{Head: report.NewHead(postgres), Of: len(mutants), Mutants: len(outcomes)}
	for _, o := range outcomes {
		if o.fault() == "" {
			head.Killed++
		}
		if len(o.Lints) > 0 {
			head.Named++
		}
	}
	return errors.Join(report.Write("mutation-summary.json", head), report.Write("mutation-report.json", outcomes))
}
