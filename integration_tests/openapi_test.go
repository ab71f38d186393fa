package integration_tests

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// The document is read in review: a change of the API shows there.
func TestOpenAPI_Golden(t *testing.T) {
	t.Parallel()
	compareWithGolden(t, "openapi.json", newPortal(t).do("GET", "/openapi.json", "", nil).want(t, http.StatusOK).body)
}

// The command line prints it without a database.
func TestOpenAPI_CommandPrintsTheSame(t *testing.T) {
	t.Parallel()
	served := newPortal(t).do("GET", "/openapi.json", "", nil).want(t, http.StatusOK).body
	printed, err := command(t, "", "openapi")
	if err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	if !bytes.Equal([]byte(strings.TrimSpace(printed)), bytes.TrimSpace(served)) {
		t.Errorf("%d bytes are printed, %d are served, and they differ", len(printed), len(served))
	}
}
