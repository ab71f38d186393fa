// Package features tests each feature over HTTP, as its users know it; a test is found by the feature's name.
package features

import (
	"testing"

	"contractor-portal/integration_tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// A portal is the harness's, with words of its own for what the features do.
type portal struct{ *harness.Portal }

func newPortal(t testing.TB, change ...func(*harness.Settings)) *portal {
	t.Helper()
	return &portal{harness.NewPortal(t, change...)}
}
