package service

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// The document is read in review: a change of the API shows there.
func TestOpenAPI_Golden(t *testing.T) {
	t.Parallel()
	harness.CompareWithGolden(t, "openapi.json", newPortal(t).Do("GET", "/openapi.json", "", nil).Want(t, http.StatusOK).Body)
}

// The command line prints it without a database.
func TestOpenAPI_CommandPrintsTheSame(t *testing.T) {
	t.Parallel()
	served := newPortal(t).Do("GET", "/openapi.json", "", nil).Want(t, http.StatusOK).Body
	printed, err := harness.Command(t, "", "openapi")
	if err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	if !bytes.Equal([]byte(strings.TrimSpace(printed)), bytes.TrimSpace(served)) {
		t.Errorf("%d bytes are printed, %d are served, and they differ", len(printed), len(served))
	}
}
