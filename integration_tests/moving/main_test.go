// Package moving moves customers: out of a database and into one, from the old portal, and into a copy for tests.
package moving

import (
	"testing"

	"contractor-portal/integration_tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
