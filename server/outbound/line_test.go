package outbound

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"contractor-portal/server/endpoint"
)

// A line is open where the other side shows by TLS that it is the host that was meant, at an address that may be called.
func TestLine(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(web.Close)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate()) // which is of 127.0.0.1 and example.com
	address := web.Listener.Addr().String()
	port := address[strings.LastIndexByte(address, ':'):]
	plain := strings.TrimPrefix(fake(t, slow), "http://")
	for name, c := range map[string]struct {
		address string
		roots   *x509.CertPool
		cfg     Config
		detail  string
	}{
		"open":              {address, roots, Config{Allow: loopback}, ""},
		"another host":      {"localhost" + port, roots, Config{Allow: loopback}, "the fake cannot be called: its certificate is not one for that host which is trusted here"},
		"unknown authority": {address, nil, Config{Allow: loopback}, "the fake cannot be called: its certificate is not one for that host which is trusted here"},
		"without TLS":       {plain, roots, Config{Allow: loopback}, "the fake cannot be reached"},
		"private":           {address, roots, Config{}, "the fake cannot be called: its address is not public"},
		"private by name":   {"localhost" + port, roots, Config{}, "the fake cannot be called: its address is not public"},
		"metadata":          {"169.254.169.254:465", roots, Config{}, "the fake cannot be called: its address is not public"},
		"no port":           {"127.0.0.1", roots, Config{Allow: loopback}, "the fake cannot be called: its address is no host and port"},
		"nobody home":       {"127.0.0.1:1", roots, Config{Allow: loopback}, "the fake cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line, err := New(c.cfg).Line(t.Context(), "the fake", c.address, c.roots)
			if c.detail != "" {
				var p *endpoint.Problem
				if !errors.As(err, &p) || p.Status != http.StatusBadGateway || p.Detail != c.detail {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer line.Close() //nolint:errcheck // it was used
			if _, err := io.WriteString(line, "GET / HTTP/1.0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if answer, err := io.ReadAll(line); err != nil || !strings.Contains(string(answer), "418") {
				t.Errorf("%s, %v", answer, err)
			}
		})
	}
}
