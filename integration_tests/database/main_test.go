// Package database proves what a database administrator relies on: the audit sees faults, installing is safe
// and can be repeated, and every statement is prepared, planned and free of filters.
package database

import (
	"testing"

	"contractor-portal/integration_tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
