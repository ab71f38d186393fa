// Package docs tests that what the pages for readers name is there. docs/api.md is run by integration_tests/service.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = ".."

// pages are those for readers, as paths from the root.
func pages(t *testing.T) []string {
	t.Helper()
	all := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	for _, pattern := range []string{"docs/*.md", "policies/*.md", "integration_tests/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no page is %s: %v", pattern, err)
		}
		for _, name := range found {
			all = append(all, strings.TrimPrefix(name, root+"/"))
		}
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	link   = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	quoted = regexp.MustCompile("`([^`\n]+)`")
	fence  = regexp.MustCompile("(?ms)^```.*?^```")
	// A path names a folder by a slash at its end, a file by its ending, or a program by its folder.
	isPath    = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*(/|\.(go|sql|sql\.tmpl|md|yml|yaml|sh|svg|json|tsv))$|^\.ci/\w+$|^Dockerfile$`)
	taskCall  = regexp.MustCompile(`(?m)(?:^ {4}|\x60)task ([a-z][a-z:-]*)`)
	runCall   = regexp.MustCompile(`go (?:run|test|vet|build) (?:-\S+ (?:'[^']*' )?)*(\./?[\w./-]*)`)
	taskNames = regexp.MustCompile(`(?m)^  ([a-z][a-z:-]*):$`)
)

// What a run makes or a reader adds is named on pages, too, and is in no repository.
var made = map[string]bool{
	".portal/": true, "attack-report.html": true, "attack-report.json": true, "attack-report.xml": true, "attack-summary.json": true,
	"mutation-report.json": true, "mutation-summary.json": true, "restore-summary.json": true, "isolation-evidence.tar": true,
	"bench.json": true, "bench.svg": true, "growth.json": true, "migrations/NNN_create_salt_deliveries.sql": true,
	"server/saltdeliveries/saltdeliveries.go": true, "integration_tests/features/saltdeliveries_test.go": true,
}

func TestPages_LinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
	if links < 10 {
		t.Errorf("only %d links were found", links)
	}
}

func TestPages_NameFilesThatAreThere(t *testing.T) {
	t.Parallel()
	named := 0
	for _, page := range pages(t) {
		for _, m := range quoted.FindAllStringSubmatch(fence.ReplaceAllString(read(t, page), ""), -1) {
			name := m[1]
			if !isPath.MatchString(name) || made[name] {
				continue
			}
			named++
			if !isThere(filepath.Dir(page), name) {
				t.Errorf("%s names %s, which is not there", page, name)
			}
		}
	}
	if named < 40 {
		t.Errorf("only %d files and folders were found", named)
	}
}

// isThere looks from the root, from the page's folder and those in it, and, for a feature, from server/.
func isThere(folder, name string) bool {
	for _, from := range []string{".", folder, folder + "/*", "server"} {
		if found, err := filepath.Glob(filepath.Join(root, from, name)); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

func TestPages_CallTasksAndProgramsThatAreThere(t *testing.T) {
	t.Parallel()
	tasks := map[string]bool{}
	for _, m := range taskNames.FindAllStringSubmatch(read(t, "Taskfile.yml"), -1) {
		tasks[m[1]] = true
	}
	calls := 0
	for _, page := range pages(t) {
		text := read(t, page)
		for _, m := range taskCall.FindAllStringSubmatch(text, -1) {
			calls++
			if !tasks[m[1]] {
				t.Errorf("%s calls task %s, which Taskfile.yml does not know", page, m[1])
			}
		}
		for _, m := range runCall.FindAllStringSubmatch(text, -1) {
			calls++
			if _, err := os.Stat(filepath.Join(root, strings.TrimSuffix(m[1], "..."))); err != nil {
				t.Errorf("%s calls %s: %s is not there", page, m[0], m[1])
			}
		}
	}
	if calls < 20 {
		t.Errorf("only %d calls were found", calls)
	}
}
