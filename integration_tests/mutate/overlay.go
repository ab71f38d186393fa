package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// switches is what each package with a mutant gets: all mutants are in one build, and a variable of the
// environment wakes one of them.
const switches = `package %s

import "os"

func mutant(name string) bool { return os.Getenv("` + wakes + `") == name }

func either[T any](condition bool, then, otherwise T) T {
	if condition {
		return then
	}
	return otherwise
}

var _ = either[bool]
`

const wakes = "PORTAL_MUTANT"

// overlay writes mutated copies of the source files below root into dir, and the file for go build -overlay
// that puts them in their places.
func overlay(root, dir string, all []mutant) (path string, err error) {
	texts := map[string]string{}
	for _, m := range all {
		for _, e := range m.source {
			text, read := texts[e.in]
			if !read {
				source, err := os.ReadFile(filepath.Join(root, e.in))
				if err != nil {
					return "", err
				}
				text = string(source)
			}
			e.new = strings.ReplaceAll(e.new, "MUTANT", fmt.Sprintf("mutant(%q)", m.name))
			if texts[e.in], err = e.apply(text); err != nil {
				return "", fmt.Errorf("%s: %w", m.name, err)
			}
		}
	}
	replace := map[string]string{}
	put := func(in, text string) error {
		copied := filepath.Join(dir, strings.ReplaceAll(in, "/", "_"))
		replace[filepath.Join(root, in)] = copied
		return os.WriteFile(copied, []byte(text), 0o600)
	}
	for in, text := range texts {
		pkg := filepath.Base(filepath.Dir(in))
		if err := put(in, text); err != nil {
			return "", err
		}
		if err := put(filepath.Join(filepath.Dir(in), "mutant.go"), fmt.Sprintf(switches, pkg)); err != nil {
			return "", err
		}
	}
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(map[string]any{"Replace": replace}); err != nil {
		return "", err
	}
	path = filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, out.Bytes(), 0o600)
}
