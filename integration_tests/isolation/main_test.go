// Package isolation attacks: every table, operation and layer that keeps companies apart, on every way to it.
package isolation

import (
	"testing"

	"contractor-portal/integration_tests/harness"
)

func TestMain(m *testing.M) {
	harness.Main(m, func() error {
		if n := walked.cells.Load(); n > 0 {
			harness.Summarize("cross-company walk: %d operations, %d cells (operation × place of an id × caller)\n", walked.operations.Load(), n)
		}
		return writeReport()
	})
}
