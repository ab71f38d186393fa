package cli

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

// Metrics have an address of their own or are not served, and end with the portal.
func TestMetrics_Listen(t *testing.T) {
	t.Parallel()
	get := func(address string) (status int) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/properties/", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	var p portal
	stop, err := p.serveMetrics(t.Context(), config{})
	if err != nil {
		t.Fatal(err)
	}
	stop()

	var l net.ListenConfig
	taken, err := l.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config{MetricsListen: taken.Addr().String()}
	if _, err := p.serveMetrics(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "PORTAL_METRICS_LISTEN") {
		t.Errorf("an address that is taken: %v", err)
	}
	_ = taken.Close()
	if stop, err = p.serveMetrics(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if status := get(cfg.MetricsListen); status != http.StatusNotFound {
		t.Errorf("of the portal there is %d", status)
	}
	stop()
	if status := get(cfg.MetricsListen); status != 0 {
		t.Errorf("after the end there is %d", status)
	}
}
