// Package report keeps what the tests of a run have found out, for people and for portal evidence: files in the directory
// that TEST_REPORTS names, an absolute path. Without it nothing is written.
package report

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A Head begins each KIND-summary.json.
type Head struct {
	PostgreSQL string `json:"postgresql"`
	Made       string `json:"made"`   // UTC
	Commit     string `json:"commit"` // empty where git does not say
}

// NewHead is one of now.
func NewHead(postgres string) Head {
	commit, _ := exec.Command("git", "rev-parse", "HEAD").Output() //nolint:noctx // at the end of all
	return Head{PostgreSQL: postgres, Made: time.Now().UTC().Format("2006-01-02 15:04 MST"), Commit: strings.TrimSpace(string(commit))}
}

// Path is where a file goes, or "" where none is wanted.
func Path(name string) string {
	dir := os.Getenv("TEST_REPORTS")
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

// Write writes a file as JSON, if it is wanted.
func Write(name string, v any) error {
	path := Path(name)
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}
