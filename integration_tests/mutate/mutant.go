package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A mutant is one hole, made by one change: to the installed database (sql, or an edit of one of its
// functions), or to the server's source.
type mutant struct {
	name     string
	sql      string   // run as a superuser
	function []edit   // in is the function's signature
	source   []edit   // in is a file; MUTANT stands for a condition that holds in this mutant only
	by       []string // behavioural tests that should fail, or parts of them
	lints    []string // that must name it
	unseen   string   // why no lint can, where none is named
}

// An edit puts another text in the place of one that must occur exactly once.
type edit struct{ in, old, new string }

var errStale = fmt.Errorf("the mutant is stale")

func (e edit) apply(text string) (string, error) {
	if n := strings.Count(text, e.old); n != 1 {
		return "", fmt.Errorf("%w: %s has %d times: %s", errStale, e.in, n, e.old)
	}
	return strings.Replace(text, e.old, e.new, 1), nil
}

// mutants are all of them; a file for each part of the system.
var mutants = slices.Concat(wallMutants, keyMutants, grantMutants, roleMutants, codeMutants, entryMutants, jobMutants, exportMutants, serverMutants, mailMutants, smsMutants, serviceMutants, assistantMutants, jobberMutants, bookMutants, signOnMutants, pagesMutants, sessionMutants, movingMutants, cloneMutants, evidenceMutants, auditMutants)

// Tests that compare the catalogue, or ask the lints, kill nothing: a hole is seen by what comes through it.
var notBehavioural = regexp.MustCompile(`^Test(Audit|PgTAP|Posture|SQL|OpenAPI|Install)_`)

// check refuses a table of mutants that would prove nothing.
func check(all []mutant, tests []string) error {
	names := map[string]bool{}
	for _, m := range all {
		kinds := 0
		for _, given := range []bool{m.sql != "", m.function != nil, m.source != nil} {
			if given {
				kinds++
			}
		}
		switch {
		case names[m.name]:
			return fmt.Errorf("%s: there are two of this name", m.name)
		case kinds != 1:
			return fmt.Errorf("%s: %d kinds of change", m.name, kinds)
		case len(m.by) == 0:
			return fmt.Errorf("%s: no test is named", m.name)
		case m.source == nil && (len(m.lints) == 0) == (m.unseen == ""):
			return fmt.Errorf("%s: name the lints that see it, or say why none can", m.name)
		}
		names[m.name] = true
		for _, test := range m.by {
			if notBehavioural.MatchString(test) {
				return fmt.Errorf("%s: %s does not attack anything", m.name, test)
			}
			if top, _, _ := strings.Cut(test, "/"); !slices.Contains(tests, top) {
				return fmt.Errorf("%s: there is no %s", m.name, test)
			}
		}
	}
	return nil
}

// killers are all tests that a mutant names.
func killers(all []mutant) (tests []string) {
	for _, m := range all {
		tests = append(tests, m.by...)
	}
	slices.Sort(tests)
	return slices.Compact(tests)
}
