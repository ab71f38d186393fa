package policies

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// README.md names the files that are installed, in their order and no other.
func TestREADME_NamesEveryFileInOrder(t *testing.T) {
	t.Parallel()
	var installed []string
	for _, f := range slices.Concat(Before(), After()) {
		installed = append(installed, f.Name)
	}
	if named := rows(t, "`((?:before|after)/[^`]*)`"); !slices.Equal(named, installed) {
		t.Errorf("README.md names\n%q\nbut installed are\n%q", named, installed)
	}
}

// Its other table names what lies beside them.
func TestREADME_NamesWhatIsBeside(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var beside []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		if !slices.Contains([]string{"README.md", "policies_test.go", "portable_test.go", "before/", "after/"}, name) {
			beside = append(beside, name)
		}
	}
	named := rows(t, "`([^/`]+/?)`")
	slices.Sort(named)
	slices.Sort(beside)
	if !slices.Equal(named, beside) {
		t.Errorf("README.md names\n%q\nbut here are\n%q", named, beside)
	}
}

// rows returns what the rows of README.md begin with.
func rows(t *testing.T, pattern string) (first []string) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range regexp.MustCompile(`(?m)^\| `+pattern+` \|`).FindAllStringSubmatch(string(text), -1) {
		first = append(first, row[1])
	}
	return first
}
