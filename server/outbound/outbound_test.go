package outbound

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"contractor-portal/server/endpoint"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// fake is another company that answers so.
func fake(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	web := httptest.NewServer(answer)
	t.Cleanup(web.Close)
	return web.URL
}

func get(t *testing.T, cfg Config, address string) (*Error, map[string]any) {
	t.Helper()
	within := time.Minute
	if strings.Contains(address, "slow") {
		within = 500 * time.Millisecond
	}
	var into map[string]any
	err := New(cfg).Provider("the fake", within).Get(t.Context(), address, &into)
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	return e, into
}

// Every way in which another company can fail has its outcome, and its status and sentence for the portal's client.
func TestGet_SaysWhatFailed(t *testing.T) {
	t.Parallel()
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	text := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   Outcome
		status int
		detail string
	}{
		"401":         {status(401), NoKey, 502, "the fake refuses the key; ask an Admin to look at it under settings"},
		"404":         {status(404), Refused, 502, "the fake answered with status 404"},
		"429":         {status(429, "Retry-After", "17"), Limited, 503, "the fake was asked too often and wants to be left alone for a while"},
		"500":         {status(500), Failed, 502, "the fake answered with status 500"},
		"no content":  {status(204), Unreadable, 502, "the fake answered something that is not understood"},
		"HTML":        {text("<html>Sorry</html>"), Unreadable, 502, "the fake answered something that is not understood"},
		"NaN":         {text(`{"lat": NaN}`), Unreadable, 502, "the fake answered something that is not understood"},
		"a list":      {text(`[]`), Unreadable, 502, "the fake answered something that is not understood"},
		"half":        {half, Unreadable, 502, "the fake answered something that is not understood"},
		"50 MB":       {large, Unreadable, 502, "the fake answered something that is not understood"},
		"50 MB, zip":  {bomb, Unreadable, 502, "the fake answered something that is not understood"},
		"slow":        {slow, TimedOut, 504, "the fake did not answer in time"},
		"slow body":   {slowBody, TimedOut, 504, "the fake did not answer in time"},
		"metadata":    {status(302, "Location", "http://169.254.169.254/latest/meta-data/"), Blocked, 502, "the fake cannot be called: it leads elsewhere"},
		"other host":  {status(307, "Location", "https://example.com/"), Blocked, 502, "the fake cannot be called: it leads elsewhere"},
		"round":       {status(302, "Location", "/round"), Blocked, 502, "the fake cannot be called: it leads elsewhere"},
		"nobody home": {nil, Unreachable, 502, "the fake cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := "http://127.0.0.1:1"
			if c.answer != nil {
				address = fake(t, c.answer)
			}
			calls := Outcomes.WithLabelValues("the fake", string(c.want))
			before := testutil.ToFloat64(calls)
			e, _ := get(t, Config{Allow: loopback}, address+"/"+strings.ReplaceAll(name, " ", "-")+"?appid=planted-secret")
			if e == nil {
				t.Fatal("no error")
			}
			var p *endpoint.Problem
			if !errors.As(e, &p) || e.Outcome != c.want || p.Status != c.status || p.Detail != c.detail {
				t.Errorf("%q: %+v", e.Outcome, p)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", e, p), "planted") || strings.Contains(e.Error(), "127.0.0.1:") && c.answer != nil {
				t.Errorf("it tells the address: %v", e)
			}
			if after := testutil.ToFloat64(calls); after <= before {
				t.Errorf("%v calls were counted, and then %v", before, after)
			}
			if c.want == Limited && (p.GetHeaders().Get("Retry-After") != "17" || e.RetryAfter != 17*time.Second) {
				t.Errorf("Retry-After: %v", p.GetHeaders())
			}
		})
	}
}

func half(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	fmt.Fprint(w, `{"list": [`)
}

func large(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, `{"text": "`)
	for piece := bytes.Repeat([]byte("x"), 1<<20); ; {
		if _, err := w.Write(piece); err != nil {
			return
		}
	}
}

func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	fmt.Fprintf(z, `{"text": "%s"}`, strings.Repeat("x", 50<<20))
	z.Close()
}

func slow(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func slowBody(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, `{"list": [`)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestGet_Decodes(t *testing.T) {
	t.Parallel()
	address := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusFound) // its own host
			return
		}
		fmt.Fprintf(w, `{"agent": %q}`, r.UserAgent())
	})
	if e, into := get(t, Config{Allow: loopback}, address); e != nil || into["agent"] != "contractor-portal" {
		t.Errorf("%v %v", e, into)
	}
}

// No address that is not public is called, in whatever form it stands, and whatever a name leads to.
func TestGet_ReachesPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	called := make(chan string, 99)
	own := fake(t, func(_ http.ResponseWriter, r *http.Request) { called <- r.Host })
	port := own[strings.LastIndexByte(own, ':'):]
	proxy, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
		"[::1]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
	} {
		for _, cfg := range []Config{{}, {Proxy: proxy}} {
			if e, _ := get(t, cfg, "https://"+host+port); e == nil || e.Outcome != Blocked {
				t.Errorf("%s, proxy %v: %v", host, cfg.Proxy, e)
			}
		}
	}
	// A name that leads there is found out when it is dialled.
	if e, _ := get(t, Config{}, "https://localhost"+port); e == nil || e.Outcome != Blocked || strings.Contains(e.Error(), "127.0.0.1") {
		t.Errorf("localhost: %v", e)
	}
	// A proxy takes these for addresses.
	for _, host := range []string{"127.1", "2130706433", "0x7f000001", "0x7f.1."} {
		if e, _ := get(t, Config{Proxy: proxy}, "https://"+host+port); e == nil || e.Outcome != Blocked {
			t.Errorf("%s: %v", host, e)
		}
	}
	// No key travels in the clear.
	if e, _ := get(t, Config{}, "http://example.com/"); e == nil || e.Outcome != Blocked {
		t.Errorf("http: %v", e)
	}
	select {
	case host := <-called:
		t.Errorf("%s was called", host)
	default:
	}
}

// The operator's proxy is asked, and no other.
func TestGet_Proxy(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 9)
	own, err := url.Parse(fake(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		w.WriteHeader(http.StatusBadGateway)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if e, _ := get(t, Config{Proxy: own}, "https://example.com/"); e == nil || <-asked != "CONNECT example.com:443" {
		t.Errorf("the proxy was not asked: %v", e)
	}
	if calls := New(Config{}); calls.transport.Proxy != nil {
		t.Error("the environment's proxy is taken")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": time.Minute, "5": 5 * time.Second, "0": time.Second, "-1": time.Minute, "soon": time.Minute, "99999999": 24 * time.Hour,
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): time.Second,
	} {
		if have := retryAfter(header); have != want {
			t.Errorf("%q: %v, want %v", header, have, want)
		}
	}
}

// A caller who goes away is not waited for.
func TestGet_EndsWithItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address := fake(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	if err := New(Config{Allow: loopback}).Provider("the fake", time.Minute).Get(ctx, address, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
