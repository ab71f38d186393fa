package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// program builds the portal once for all tests that run it; the run's end removes it. Its
// version is (devel), as the tests' own is.
var program = sync.OnceValues(func() (file string, err error) {
	if Suite.programs, err = os.MkdirTemp("", "portal-program-"); err != nil {
		return "", err
	}
	file = filepath.Join(Suite.programs, "portal")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", file, "contractor-portal")
	cmd.Stderr = os.Stderr
	return file, cmd.Run()
})

// Command runs the program on a database, and returns what it prints.
func Command(t *testing.T, url string, args ...string) (out string, err error) {
	t.Helper()
	return CommandWith(t, []string{"DATABASE_URL=" + url}, args...)
}

// CommandWith runs the program with variables of its environment.
func CommandWith(t *testing.T, variables []string, args ...string) (out string, err error) {
	t.Helper()
	text, err := Program(t, variables, args...).CombinedOutput()
	return string(text), err
}

// Program is the program, not started yet; it ends with the test at the latest.
func Program(t testing.TB, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), file, args...)
	cmd.Env = append(os.Environ(), variables...)
	return cmd
}
