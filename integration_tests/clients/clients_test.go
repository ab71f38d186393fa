// Package clients makes clients from the portal's document with two generators that Go programs use. It holds
// that the document is one that generators read: the clients compile, and one of them works a day.
package clients

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func TestMain(m *testing.M) { harness.Main(m) }

// The generators are those of testdata/go.mod, a module of its own, so that the portal links none of what
// they need. What they make is not kept. The second one takes as long as all else here, and comes with harness.Full.
func TestClients_WorkADay(t *testing.T) {
	t.Parallel()
	_, evening := harness.NewClock(t, "2026-01-10T21:45:00")
	p := harness.NewPortal(t, evening)

	module := t.TempDir()
	if err := os.CopyFS(module, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	document := p.Do("GET", "/openapi.json", "", nil).Want(t, http.StatusOK).Body
	if err := os.WriteFile(filepath.Join(module, "openapi.json"), document, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(command ...string) {
		t.Helper()
		began := time.Now()
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
		cmd.Dir = module
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
		t.Logf("%5.1f s %v", time.Since(began).Seconds(), command)
	}
	run("go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", "openapi.json")
	if harness.Full {
		run("go", "tool", "ogen", "-config", "ogen.yml", "-target", "ogen", "-package", "ogen", "openapi.json")
	} else {
		harness.Summarize("clients: of oapi-codegen; that of ogen is compiled with TEST_FULL=1\n")
	}
	// Without the folder's name in it, what was compiled is found again by the next run.
	run("go", "build", "-trimpath", "-o", ".", "./...")
	run("./day", p.URL, harness.Email(harness.CompanyA, auth.Manager), harness.Email(harness.CompanyA, auth.Contractor), harness.Password)
}
