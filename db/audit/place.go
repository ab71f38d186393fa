package audit

import (
	"regexp"
	"strings"
)

// A Program is what asks: its version, and the scripts from which it makes a database.
type Program struct {
	Version string
	Scripts []Script
}

// A Script is SQL of one file of the repository.
type Script struct{ Name, SQL string }

// A place is a line of a file of the repository.
type place struct {
	file string
	line int
}

var policyOf = regexp.MustCompile(`^(?:have: |missing: )?(?:permissive )?policy "?(\w+)`)

// place is the line that made what a finding is about, or should have made it: the policy that the finding names, or else the
// object: a function, a table or view, a schema, a role. What no script makes is where the lint is written.
func (p Program) place(f Finding) place {
	name, isFunction := f.Object, false
	if before, _, found := strings.Cut(name, "("); found {
		name, isFunction = before, true
	}
	schema, relation, qualified := strings.Cut(name, ".")
	word := func(s string) string { return regexp.QuoteMeta(strings.Trim(s, `"`)) }
	var patterns []string
	if m := policyOf.FindStringSubmatch(f.Detail); m != nil {
		patterns = append(patterns, `^[^-]*'`+word(m[1])+`'`, `create policy "?`+word(m[1])+`\b`)
	}
	switch whole := `(?:` + word(schema) + `\.)?"?` + word(relation) + `\b`; {
	case isFunction:
		patterns = append(patterns, `create (?:or replace )?(?:function|procedure) `+word(schema)+`\.`+word(relation)+`\b`)
	case qualified:
		patterns = append(patterns,
			`create (?:unlogged |materialized )?(?:table|view|sequence) (?:if not exists )?`+whole, `ensure_(?:view|shape)\('`+word(relation)+`'`)
	default:
		patterns = append(patterns, `create schema (?:if not exists )?`+word(name)+`\b`, `create role "?`+word(name)+`\b`)
		if strings.HasPrefix(name, "portal_") { // made in a loop
			patterns = append(patterns, `^[^-]*'`+word(name)+`'`)
		}
	}
	for _, pattern := range patterns {
		expression := regexp.MustCompile(`(?i)` + pattern)
		for _, s := range p.Scripts {
			if strings.HasPrefix(s.Name, "policies/audit/") {
				continue
			}
			line := 0
			for text := range strings.Lines(s.SQL) {
				line++
				if expression.MatchString(text) {
					return place{s.Name, line}
				}
			}
		}
	}
	return place{lintFile(f.Lint), 1}
}

// script is the text of a file.
func (p Program) script(name string) string {
	for _, s := range p.Scripts {
		if s.Name == name {
			return s.SQL
		}
	}
	return ""
}
