package harness

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's signatures are of it
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// PublicURL is the address at which the portals of tests are known outside.
const PublicURL = "https://portal.example.com"

// A Text is a text message that a provider was given.
type Text struct{ Account, From, To, Body, SID string }

// A Twilio is a provider of text messages of a test's own. It takes messages as Twilio's documents say, of the accounts
// that it knows, and fails the test on anything else.
type Twilio struct {
	URL string

	t        testing.TB
	mu       sync.Mutex
	accounts map[string]twilioAccount // by SID
	refusals map[string]int           // number → code
	answer   http.HandlerFunc
	sent     []Text
	count    int
}

type twilioAccount struct{ token, number string }

// NewTwilio serves until the test ends.
func NewTwilio(t testing.TB) *Twilio {
	t.Helper()
	tw := &Twilio{t: t, accounts: map[string]twilioAccount{}, refusals: map[string]int{}}
	web := httptest.NewServer(tw)
	t.Cleanup(web.Close)
	tw.URL = web.URL
	return tw
}

// The account that an operator gives to all companies in tests.
const operatorsSID, operatorsToken, operatorsNumber = "AC00000000000000000000000000000000", "operators-twilio-token", "+17165550000"

// usualTwilio is the provider of every portal whose test does not care for text messages.
var usualTwilio = sync.OnceValue(func() string {
	tw := &Twilio{accounts: map[string]twilioAccount{operatorsSID: {operatorsToken, operatorsNumber}}, refusals: map[string]int{}}
	return httptest.NewServer(tw).URL
})

// Over lets a portal send by it.
func (tw *Twilio) Over(s *Settings) {
	s.Server.SMS.URL, s.Server.PublicURL = tw.URL, PublicURL
	s.Workers = true
}

// Account is one that it has.
func (tw *Twilio) Account(sid, token, number string) {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	tw.accounts[sid] = twilioAccount{token, number}
}

// Refuses says with which code a number is refused from now on; 0: not at all.
func (tw *Twilio) Refuses(number string, code int) {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	tw.refusals[number] = code
}

// Answers says what is answered from now on; nil: as the provider does.
func (tw *Twilio) Answers(by http.HandlerFunc) { tw.mu.Lock(); defer tw.mu.Unlock(); tw.answer = by }

// Sent are the messages that it took since the last time, after there are n of them.
func (tw *Twilio) Sent(n int) []Text {
	tw.t.Helper()
	have := func() int { tw.mu.Lock(); defer tw.mu.Unlock(); return len(tw.sent) }
	WaitFor(tw.t, fmt.Sprintf("%d text messages (there are %v)", n, tw.sent), func() bool { return have() >= n })
	tw.mu.Lock()
	defer tw.mu.Unlock()
	sent := tw.sent
	tw.sent = nil
	return sent
}

// SentNone fails the test where a message comes within a while.
func (tw *Twilio) SentNone() {
	tw.t.Helper()
	time.Sleep(500 * time.Millisecond)
	tw.mu.Lock()
	defer tw.mu.Unlock()
	if len(tw.sent) > 0 {
		tw.t.Errorf("sent: %v", tw.sent)
	}
	tw.sent = nil
}

func (tw *Twilio) wrong(format string, args ...any) {
	if tw.t != nil {
		tw.t.Errorf(format, args...)
	}
}

var (
	messagesPath = regexp.MustCompile(`^/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages\.json$`)
	e164         = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
)

// ServeHTTP answers one call.
func (tw *Twilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	if tw.answer != nil {
		tw.answer(w, r)
		return
	}
	refuse := func(status, code int, message string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code": %d, "message": %q, "more_info": "https://www.twilio.com/docs/errors/%d", "status": %d}`, code, message, code, status)
	}
	path := messagesPath.FindStringSubmatch(r.URL.Path)
	if r.Method != http.MethodPost || path == nil || r.URL.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		tw.wrong("no call of the provider's: %s %s, %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		refuse(http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	user, password, ok := r.BasicAuth()
	account, known := tw.accounts[path[1]]
	if !ok || !known || user != path[1] || password != account.token {
		refuse(http.StatusUnauthorized, 20003, "Authenticate")
		return
	}
	if err := r.ParseForm(); err != nil {
		tw.wrong("%v", err)
	}
	f := r.PostForm
	if names := slices.Sorted(maps.Keys(f)); tw.t != nil && !slices.Equal(names, []string{"Body", "From", "StatusCallback", "To"}) || f.Get("StatusCallback") != PublicURL+"/sms/status" {
		tw.wrong("fields %v, %s", names, f.Get("StatusCallback"))
	}
	code := tw.refusals[f.Get("To")]
	switch {
	case !e164.MatchString(f.Get("To")):
		code = 21211
	case f.Get("From") != account.number:
		code = 21659
	case f.Get("Body") == "" || len([]rune(f.Get("Body"))) > 1600:
		tw.wrong("a body of %d bytes", len(f.Get("Body")))
		code = 21617
	}
	if code != 0 {
		refuse(http.StatusBadRequest, code, "Refused by the test")
		return
	}
	tw.count++
	sid := fmt.Sprintf("SM5%031x", tw.count)
	tw.sent = append(tw.sent, Text{path[1], f.Get("From"), f.Get("To"), f.Get("Body"), sid})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"sid": %q, "account_sid": %q, "status": "queued", "to": %q, "from": %q, "body": %q, "num_segments": "1", "direction": "outbound-api", "error_code": null, "error_message": null, "uri": "/2010-04-01/Accounts/%s/Messages/%s.json"}`,
		sid, path[1], f.Get("To"), f.Get("From"), f.Get("Body"), path[1], sid)
}

// SignCall is the signature of a call, as the provider's documents say it: of the address, and the fields in the order of their
// names, each with its value behind it.
func SignCall(token, address string, form url.Values) string {
	text := address
	for _, name := range slices.Sorted(maps.Keys(form)) {
		text += name + form.Get(name)
	}
	h := hmac.New(sha1.New, []byte(token))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Call posts a form as the provider does, with a signature.
func (p *Portal) Call(path string, form url.Values, signature string) Answer {
	p.T.Helper()
	r, err := p.NewRequest(p.T.Context(), http.MethodPost, path, form)
	if err != nil {
		p.T.Fatal(err)
	}
	if signature != "" {
		r.Header.Set("X-Twilio-Signature", signature)
	}
	a, err := Send(r)
	if err != nil {
		p.T.Fatal(err)
	}
	if a.Status == http.StatusInternalServerError {
		a.Cause = p.cause(a.Header.Get("X-Request-Id"))
	}
	return a
}

// Incoming is the form of a text message that comes in.
func Incoming(from, to, body string, n int) url.Values {
	return url.Values{
		"MessageSid": {fmt.Sprintf("SM%032x", n)}, "SmsSid": {fmt.Sprintf("SM%032x", n)}, "AccountSid": {"AC" + strings.Repeat("0", 32)},
		"From": {from}, "To": {to}, "Body": {body}, "NumMedia": {"0"}, "NumSegments": {"1"}, "ApiVersion": {"2010-04-01"}, "FromCity": {"BUFFALO"},
	}
}
