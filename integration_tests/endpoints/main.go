// Command endpoints compares the operations that the server documents with those of the contract
// (contract.tsv: group, method, path, roles). It prints how many there are, and by name those
// that are missing or let in others than the contract says; for these it ends with status 1.
//
//	go run ./integration_tests/endpoints [GROUP …]
package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"contractor-portal/server"
	"contractor-portal/server/auth"
)

//go:embed contract.tsv
var contract string

func main() {
	r, err := compare(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "endpoints:", err)
		os.Exit(1)
	}
	fmt.Printf("%d of %d\n", r.present, r.wanted)
	for _, list := range []struct {
		title string
		lines []string
	}{{"missing", r.missing}, {"roles differ", r.different}, {"beside the contract", r.beside}} {
		for _, line := range list.lines {
			fmt.Printf("%-20s %s\n", list.title, line)
		}
	}
	if len(r.different) > 0 {
		os.Exit(1)
	}
}

// A result is what the comparison found; each line names an operation.
type result struct {
	wanted, present            int
	missing, different, beside []string
}

type operation struct {
	Roles  []string `json:"x-roles"`
	Own    bool     `json:"x-own"`
	Acting bool     `json:"x-acting"`
}

// compare looks at all groups of the contract, or at those named.
func compare(groups []string) (r result, err error) {
	served, err := documented()
	if err != nil {
		return r, err
	}
	known := map[string]bool{}
	for line := range strings.Lines(contract) {
		field := strings.Split(strings.TrimSpace(line), "\t")
		if len(field) != 4 {
			return r, fmt.Errorf("contract.tsv: %q has not four fields", line)
		}
		group, name, roles := field[0], field[1]+" "+field[2], field[3]
		known[name] = true
		if len(groups) > 0 && !slices.Contains(groups, group) {
			continue
		}
		r.wanted++
		op, ok := served[name]
		if !ok {
			r.missing = append(r.missing, name+" ("+group+")")
			continue
		}
		r.present++
		if problem := op.differs(roles); problem != "" {
			r.different = append(r.different, name+": "+problem)
		}
	}
	if len(groups) == 0 {
		for _, name := range slices.Sorted(maps.Keys(served)) {
			if !known[name] {
				r.beside = append(r.beside, name)
			}
		}
	}
	return r, nil
}

func documented() (map[string]operation, error) {
	text, err := server.OpenAPI()
	if err != nil {
		return nil, err
	}
	var document struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	all := map[string]operation{"GET /": {}} // the home page, which is served and is no operation
	for path, methods := range document.Paths {
		for method, op := range methods {
			all[strings.ToUpper(method)+" "+path] = op
		}
	}
	return all, nil
}

var members = []string{auth.Admin, auth.Manager, auth.Contractor, auth.Subcontractor, auth.User}

// differs compares the roles of an operation with what the contract states, as far as it states it:
// whose record it must be, is decided row by row.
func (op operation) differs(stated string) string {
	var want []string
	switch {
	case stated == "public":
	case stated == "A":
		want = []string{auth.Admin}
	case stated == "A,M":
		want = []string{auth.Admin, auth.Manager}
	case stated == "SA":
		want = []string{auth.SuperAdmin}
	case strings.HasPrefix(stated, "Any"), strings.HasPrefix(stated, "own"):
		want = members
	default:
		return "" // a service or a provider, known by something else than a token
	}
	have := slices.Clone(op.Roles)
	if len(want) == len(members) {
		// Operators outside of a customer have an own record too.
		have = slices.DeleteFunc(have, func(role string) bool { return role == auth.SuperAdmin })
	}
	if !equalSets(have, want) {
		return fmt.Sprintf("%q means %v, have %v", stated, want, op.Roles)
	}
	if stated == "own" && !op.Own {
		return "the contract says own; operators who act inside a customer have no record there (Own)"
	}
	return ""
}

func equalSets(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
