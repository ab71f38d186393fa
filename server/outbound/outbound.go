// Package outbound makes the clients with which the portal calls other companies. Nothing else makes one, so that
// each call has an end, takes no more than it is meant to, reaches public addresses only, follows nobody elsewhere, is
// counted, and never keeps a transaction waiting.
package outbound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	"github.com/prometheus/client_golang/prometheus"

	"contractor-portal/db"
)

// A Config is what the portal's operator says of its calls.
type Config struct {
	// Allow are addresses that may be called though they are not public, without TLS too: fakes in tests.
	Allow []netip.Prefix
	// Proxy is asked for every call. Who sets it says that it lets nobody into his own network: the portal does not
	// see what a name means there. No proxy is taken from the environment's usual variables.
	Proxy *url.URL
}

// Calls makes clients.
type Calls struct {
	allow     []netip.Prefix
	proxied   bool
	guard     *ssrf.Guardian
	transport *http.Transport
	patient   *http.Transport // for those that think before they answer
}

// Time-outs of the parts of a call; the whole has one of its own.
const (
	dialTime   = 5 * time.Second
	headerTime = 10 * time.Second
	// maxBody is how much an answer may have in bytes, unpacked.
	maxBody = 1 << 20
	// Who is given longer than this may think as long before the first byte.
	thinkTime = 30 * time.Second
)

// New returns a maker of clients, which share their connections.
func New(cfg Config) *Calls {
	var four, six []netip.Prefix
	for _, p := range cfg.Allow {
		if p.Addr().Is4() {
			four = append(four, p)
		} else {
			six = append(six, p)
		}
	}
	c := &Calls{
		allow: cfg.Allow, proxied: cfg.Proxy != nil,
		guard: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(four...), ssrf.WithAllowedV6Prefixes(six...)),
	}
	// Control sees the address that a name has led to, whatever the name said a moment ago.
	dialer := &net.Dialer{Timeout: dialTime, Control: c.guard.Safe}
	c.transport = &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: headerTime, ExpectContinueTimeout: time.Second,
		MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
	}
	if cfg.Proxy != nil {
		c.transport.Proxy = http.ProxyURL(cfg.Proxy)
		c.transport.DialContext = (&net.Dialer{Timeout: dialTime}).DialContext // to the proxy and nowhere else
	}
	c.patient = c.transport.Clone()
	c.patient.ResponseHeaderTimeout = 0
	return c
}

// A Provider is another company and the client for it.
type Provider struct {
	*http.Client
	// Header is sent with Get and Post, beside what they send by themselves.
	Header http.Header
	name   string
}

// Provider returns the client for a company, whose name stands in sentences for people ("the weather provider"), and
// whose every call ends within a time.
func (c *Calls) Provider(name string, within time.Duration) *Provider {
	by := &caller{calls: c, provider: name, transport: c.transport}
	if within > thinkTime {
		by.transport = c.patient
	}
	return &Provider{name: name, Client: &http.Client{Transport: by, Timeout: within, CheckRedirect: by.redirect}}
}

// redirect follows one within a host and a scheme, three times at the most: the request carries a key.
func (c *caller) redirect(next *http.Request, before []*http.Request) error {
	if first := before[0].URL; len(before) > 3 || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		count(c.provider, Blocked)
		return errElsewhere
	}
	return nil
}

var (
	errElsewhere  = errors.New("it leads elsewhere")
	errPrivate    = errors.New("its address is not public")
	errPlain      = errors.New("its address is not https")
	errNoAddress  = errors.New("its address is no host and port")
	errUnverified = errors.New("its certificate is not one for that host which is trusted here")
	errWaiting    = errors.New("another company was called within a transaction: ask it between two units of work")
	errTooLarge   = errors.New("the answer is too large")
	errNotJSON    = errors.New("no JSON of the kind that is expected")
)

// Outcomes counts the calls of this process. An answer that has begun well and cannot be read counts a second time.
var Outcomes = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "portal_outbound_calls_total", Help: "Calls to other companies, by how they ended.",
}, []string{"provider", "outcome"})

func count(provider string, o Outcome) { Outcomes.WithLabelValues(provider, string(o)).Inc() }

// A caller is the transport of one provider.
type caller struct {
	calls     *Calls
	provider  string
	transport *http.Transport
}

// RoundTrip does one request.
func (c *caller) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := c.send(r)
	outcome := outcomeOf(err)
	if end, ok := r.Context().Deadline(); err != nil && ok && !time.Now().Before(end) {
		outcome = TimedOut // whatever the transport calls it
	}
	if err == nil {
		outcome = ofStatus(a.StatusCode)
		a.Body = &bounded{ReadCloser: a.Body, left: maxBody}
	}
	count(c.provider, outcome)
	return a, err
}

func (c *caller) send(r *http.Request) (*http.Response, error) {
	if db.Inside(r.Context()) {
		return nil, errWaiting
	}
	if err := c.calls.may(r.URL); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", "contractor-portal")
	return c.transport.RoundTrip(r)
}

// may refuses what needs no resolution to be known: an address in digits that is not public, which a proxy would
// reach, and a call without TLS.
func (c *Calls) may(to *url.URL) error {
	address, err := netip.ParseAddr(to.Hostname())
	literal := err == nil
	switch {
	case literal && c.guard.SafeAddr(address) != nil, !literal && c.proxied && endsInNumber(to.Hostname()):
		return errPrivate
	case to.Scheme != "https" && !(literal && c.allowed(address)):
		return errPlain
	}
	return nil
}

func (c *Calls) allowed(address netip.Addr) bool {
	for _, p := range c.allow {
		if p.Contains(address) {
			return true
		}
	}
	return false
}

// endsInNumber tells what some programs take for an address though it is not in the usual form, such as 127.1.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	return last != "" && (strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x"))
}

// bounded is a body that is refused where it is longer than it may be.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// Get asks for JSON and decodes it. Every error is an *Error, and none has the address in its text: keys stand there.
func (p *Provider) Get(ctx context.Context, address string, into any) error {
	return p.call(ctx, http.MethodGet, address, "", http.NoBody, into)
}

// Post sends JSON, with a bearer token, and decodes the JSON that comes.
func (p *Provider) Post(ctx context.Context, address, token string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return p.call(ctx, http.MethodPost, address, token, bytes.NewReader(text), into)
}

// PostForm sends a form as a user with a password, and decodes the JSON that comes. Where the call is refused, refusal is
// what was said of it, as far as that is JSON of its kind.
func (p *Provider) PostForm(ctx context.Context, address, user, password string, form url.Values, into, refusal any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return &Error{Provider: p.name, Outcome: Blocked, cause: errPlain}
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(user, password)
	return p.ask(r, into, refusal)
}

func (p *Provider) call(ctx context.Context, method, address, token string, body io.Reader, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return &Error{Provider: p.name, Outcome: Blocked, cause: errPlain}
	}
	maps.Copy(r.Header, p.Header)
	r.Header.Set("Accept", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
	}
	return p.ask(r, into, nil)
}

// Send does a request whose answer is its status. Every error is an *Error.
func (p *Provider) Send(r *http.Request) error { return p.ask(r, nil, nil) }

// ask does a request and decodes its answer, unless it is of no interest.
func (p *Provider) ask(r *http.Request, into, refusal any) error {
	a, err := p.Do(r) //nolint:gosec // the transport calls public addresses alone
	if err != nil {
		return p.failed(err)
	}
	defer a.Body.Close() //nolint:errcheck // read as far as it is wanted
	if outcome := ofStatus(a.StatusCode); outcome != OK {
		if text, err := io.ReadAll(a.Body); err == nil && refusal != nil {
			_ = json.Unmarshal(text, refusal)
		}
		return &Error{Provider: p.name, Outcome: outcome, Status: a.StatusCode, RetryAfter: retryAfter(a.Header.Get("Retry-After"))}
	}
	if into == nil {
		return nil
	}
	text, err := io.ReadAll(a.Body)
	if err == nil {
		err = decode(text, into)
	}
	if err != nil {
		e := p.failed(err)
		count(p.name, e.Outcome)
		return e
	}
	return nil
}
