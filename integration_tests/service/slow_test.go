package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/endpoint"
)

// More than the kernel takes of an answer that nobody reads.
const largeAnswer = 16 << 20

// newLarge is a portal with an answer that is large, and what a client that has asked for it can read.
func newLarge(t *testing.T, limit time.Duration) (*portal, io.Reader) {
	t.Helper()
	p := newPortal(t, func(s *harness.Settings) {
		s.Server.Timeout = limit
		s.Routes = func(api endpoint.API) {
			endpoint.Direct(api, "GET", "/test/large", "large", "", func(context.Context, *endpoint.None) (endpoint.Message, error) {
				return endpoint.Message{Message: strings.Repeat("x", largeAnswer)}, nil
			}, endpoint.Public)
		}
	})
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(32 << 10)
		}
		return conn, err
	}}}
	t.Cleanup(client.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), "GET", p.URL+"/test/large", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return p, res.Body
}

// A client that takes nothing of its answer loses its connection, and the server forgets it.
func TestSlow_WhoReadsNothingIsCutOff(t *testing.T) {
	t.Parallel()
	p, answer := newLarge(t, 500*time.Millisecond)
	harness.WaitFor(t, "the end of the request", func() bool { return len(p.lines(t)) == 1 })
	if n, err := io.Copy(io.Discard, answer); err == nil {
		t.Errorf("all %d bytes of the answer came", n)
	}
	if line := p.lines(t)[0]; line["level"] != "ERROR" || !strings.Contains(fmt.Sprint(line["error"]), "the answer broke off") {
		t.Errorf("the log says %v", line)
	}
}

// A client that takes its time gets all of its answer, though that is longer than a request may last.
func TestSlow_WhoReadsSlowlyGetsAll(t *testing.T) {
	t.Parallel()
	const limit = 2 * time.Second
	_, answer := newLarge(t, limit)
	began, n := time.Now(), int64(0)
	for {
		more, err := io.CopyN(io.Discard, answer, 64<<10)
		n += more
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("after %d bytes and %s: %v", n, time.Since(began), err)
		}
		time.Sleep(15 * time.Millisecond)
	}
	if took := time.Since(began); n < largeAnswer || took < limit {
		t.Errorf("%d bytes came within %s", n, took)
	}
}
