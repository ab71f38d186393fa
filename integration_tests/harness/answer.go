package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"contractor-portal/server/auth"
)

// An Answer is what the server said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Cause  string // of an internal error, from the server's log
}

// JSON reads the body into v.
func (a Answer) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
}

// Problem reads the body of an error; it fails the test where the status is not the one wanted.
func (a Answer) Problem(t testing.TB, status int) (p struct {
	Type, Title, Detail string
	Status              int
	Errors              []struct{ Location, Message string }
	Companies           []auth.Company
	RequestID           string `json:"request_id"`
},
) {
	t.Helper()
	a.Want(t, status)
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("Content-Type %q of an error", kind)
	}
	a.JSON(t, &p)
	return p
}

// Want fails the test where the status is another one.
func (a Answer) Want(t testing.TB, status int) Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d: %s%s", a.Status, status, a.Body, a.Cause)
	}
	return a
}

// A plainAnswer is what two answers are compared by: without what names the request, and without the
// id that was asked for.
type plainAnswer struct {
	Status             int
	ContentType, Total string
	Body               string
}

// What is another one each time: the name of the request, the state with which somebody leaves for another company's page, and how
// long something took.
var requestIDField = regexp.MustCompile(`"request_id":"[^"]*"|state=[0-9a-f]{64}|"milliseconds":\d+`)

// Plain is the answer without what is another one each time, and without the id that was asked for.
func Plain(a Answer, id any) plainAnswer {
	body := requestIDField.ReplaceAllString(string(a.Body), "")
	body = regexp.MustCompile(`\b`+regexp.QuoteMeta(fmt.Sprint(id))+`\b`).ReplaceAllString(body, "ID")
	return plainAnswer{a.Status, a.Header.Get("Content-Type"), a.Header.Get("X-Total-Count"), strings.TrimSpace(body)}
}

// Do sends a request; body is nil, url.Values for a form, Upload for a file, or anything for JSON.
func (p *Portal) Do(method, path, token string, body any) Answer {
	p.T.Helper()
	a, err := p.Try(p.T.Context(), method, path, token, body)
	if err != nil {
		p.T.Fatal(err)
	}
	return a
}

// Try is do for goroutines and for requests that are meant to be cut off.
func (p *Portal) Try(ctx context.Context, method, path, token string, body any) (a Answer, err error) {
	req, err := p.NewRequest(ctx, method, path, body)
	if err != nil {
		return a, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if a, err = Send(req); err != nil {
		return a, err
	}
	if a.Status == http.StatusInternalServerError {
		a.Cause = p.cause(a.Header.Get("X-Request-Id"))
	}
	return a, conforms(method, path, a)
}

// cause is what the log says of a request that failed, which is written when the answer has left.
func (p *Portal) cause(request string) string {
	for range 100 {
		for line := range strings.Lines(p.Log.String()) {
			var entry struct {
				RequestID string `json:"request_id"`
				Error     string
			}
			if json.Unmarshal([]byte(line), &entry) == nil && entry.RequestID == request && entry.Error != "" {
				return "\nthe log says: " + entry.Error
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ""
}

// A RawBody is sent as it is.
type RawBody struct{ Kind, Text string }

// NewRequest makes a request for those tests that change more of it before they send it.
func (p *Portal) NewRequest(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var r io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case RawBody:
		r, kind = strings.NewReader(b.Text), b.Kind
	case url.Values:
		r, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	case Upload:
		r, kind = b.form()
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.URL+path, r)
	if err == nil && r != nil {
		req.Header.Set("Content-Type", kind)
	}
	return req, err
}

// Send sends a request and reads its whole answer.
func Send(req *http.Request) (a Answer, err error) {
	res, err := staying.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	return answerOf(res)
}

func answerOf(res *http.Response) (a Answer, err error) {
	a.Status, a.Header = res.StatusCode, res.Header
	a.Body, err = io.ReadAll(res.Body)
	return a, err
}

// staying shows where an answer leads to, and does not go there.
var staying = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// An Upload is a file in the field file of a form.
type Upload struct{ Name, Content string }

func (u Upload) form() (body io.Reader, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("file", u.Name) // a buffer takes everything
	_, _ = io.WriteString(part, u.Content)
	_ = w.Close()
	return &b, w.FormDataContentType()
}

// Ask sends a request as a page of another origin does.
func (p *Portal) Ask(method, path, token string, header map[string]string) Answer {
	p.T.Helper()
	req, err := p.NewRequest(p.T.Context(), method, path, nil)
	if err != nil {
		p.T.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	a, err := Send(req)
	if err != nil {
		p.T.Fatal(err)
	}
	return a
}
