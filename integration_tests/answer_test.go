package integration_tests

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

	"contractor-portal/server/auth"
)

// An answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// json reads the body into v.
func (a answer) json(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}

// problem reads the body of an error; it fails the test where the status is not the one wanted.
func (a answer) problem(t testing.TB, status int) (p struct {
	Type, Title, Detail string
	Status              int
	Errors              []struct{ Location, Message string }
	Companies           []auth.Company
	RequestID           string `json:"request_id"`
},
) {
	t.Helper()
	a.want(t, status)
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("Content-Type %q of an error", kind)
	}
	a.json(t, &p)
	return p
}

func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
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

var requestIDField = regexp.MustCompile(`"request_id":"[^"]*"`)

func plain(a answer, id any) plainAnswer {
	body := requestIDField.ReplaceAllString(string(a.body), "")
	body = regexp.MustCompile(`\b`+regexp.QuoteMeta(fmt.Sprint(id))+`\b`).ReplaceAllString(body, "ID")
	return plainAnswer{a.status, a.header.Get("Content-Type"), a.header.Get("X-Total-Count"), strings.TrimSpace(body)}
}

// do sends a request; body is nil, url.Values for a form, upload for a file, or anything for JSON.
func (p *portal) do(method, path, token string, body any) answer {
	p.t.Helper()
	a, err := p.try(p.t.Context(), method, path, token, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// try is do for goroutines and for requests that are meant to be cut off.
func (p *portal) try(ctx context.Context, method, path, token string, body any) (a answer, err error) {
	req, err := p.newRequest(ctx, method, path, body)
	if err != nil {
		return a, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if a, err = send(req); err != nil {
		return a, err
	}
	return a, conforms(method, path, a)
}

// A rawBody is sent as it is.
type rawBody struct{ kind, text string }

// newRequest makes a request for those tests that change more of it before they send it.
func (p *portal) newRequest(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var r io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case rawBody:
		r, kind = strings.NewReader(b.text), b.kind
	case url.Values:
		r, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	case upload:
		r, kind = b.form()
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, r)
	if err == nil && r != nil {
		req.Header.Set("Content-Type", kind)
	}
	return req, err
}

func send(req *http.Request) (a answer, err error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	a.status, a.header = res.StatusCode, res.Header
	a.body, err = io.ReadAll(res.Body)
	return a, err
}

// An upload is a file in the field file of a form.
type upload struct{ name, content string }

func (u upload) form() (body io.Reader, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("file", u.name) // a buffer takes everything
	_, _ = io.WriteString(part, u.content)
	_ = w.Close()
	return &b, w.FormDataContentType()
}
