package features

import (
	"slices"
	"strings"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
)

// Each message has its reply, in order; the summary says how long one takes, from the provider's call to the reply in its
// hands.
func TestSMS_RepliesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const n = 60
	var took []time.Duration
	for i := range n {
		company := []string{harness.CompanyA, harness.CompanyB}[i%2]
		begun := time.Now()
		if reply := p.says(company, "help"); !strings.Contains(reply, "START") {
			t.Errorf("HELP is answered by %q", reply)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	harness.Summarize("text messages: from the webhook to the reply handed over p50 %d ms, p95 %d ms (%d messages)\n",
		took[n/2].Milliseconds(), took[n*95/100].Milliseconds(), n)
}
