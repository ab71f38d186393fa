// Package service tests what all operations share: HTTP, problems, log, pool, statements, fairness, the document.
package service

import (
	"os"
	"testing"

	"contractor-portal/integration_tests/harness"
)

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		workUntilKilled()
		return
	}
	harness.Main(m)
}

// A portal is the harness's, with words of its own for what the server does.
type portal struct{ *harness.Portal }

func newPortal(t testing.TB, change ...func(*harness.Settings)) *portal {
	t.Helper()
	return &portal{harness.NewPortal(t, change...)}
}
