package endpoint

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"contractor-portal/server/auth"
)

// serve answers with the operations that routes registers, without a database.
func serve(t *testing.T, routes func(API)) (url string) {
	t.Helper()
	e := echo.New()
	e.HTTPErrorHandler = Answer
	api := New(e, nil, &auth.Keys{}, slog.New(slog.DiscardHandler), "")
	routes(api)
	if err := api.Err(); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(e)
	t.Cleanup(web.Close)
	return web.URL
}

func post(t *testing.T, url, kind, body string) (status int, text string, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer), res.Header
}

type note struct {
	Body struct {
		Text string `json:"text"`
	}
}

func TestBody_Size(t *testing.T) {
	t.Parallel()
	echoed := func(_ context.Context, in *note) (Message, error) { return Message{Message: in.Body.Text[:1]}, nil }
	url := serve(t, func(api API) {
		Direct(api, http.MethodPost, "/usual/", "usual", "Usual", echoed, Public)
		Direct(api, http.MethodPost, "/large/", "large", "Large", echoed, Public, MaxBody(2*maxBody))
	})
	body := func(size int) string { return `{"text": "` + strings.Repeat("a", size) + `"}` }
	for _, c := range []struct {
		path   string
		size   int
		status int
	}{
		{"/usual", maxBody - 100, http.StatusOK},
		{"/usual", maxBody, http.StatusRequestEntityTooLarge},
		{"/large", maxBody, http.StatusOK},
		{"/large", 2 * maxBody, http.StatusRequestEntityTooLarge},
	} {
		if status, text, _ := post(t, url+c.path, "application/json", body(c.size)); status != c.status {
			t.Errorf("%s with %d bytes: status %d, want %d: %.200s", c.path, c.size, status, c.status, text)
		}
	}
}

type prepared struct {
	note
	length int
}

func (p *prepared) Prepare(context.Context) error {
	if p.Body.Text == "bad" {
		return Invalid("bad text")
	}
	p.length = len(p.Body.Text)
	return nil
}

func TestPrepare_ComesBeforeTheHandler(t *testing.T) {
	t.Parallel()
	url := serve(t, func(api API) {
		Direct(api, http.MethodPost, "/prepared/", "prepare", "Prepared", func(_ context.Context, in *prepared) (int, error) { return in.length, nil }, Public)
	})
	if status, text, _ := post(t, url+"/prepared", "application/json", `{"text": "good"}`); status != http.StatusOK || strings.TrimSpace(text) != "4" {
		t.Errorf("status %d: %s", status, text)
	}
	if status, text, _ := post(t, url+"/prepared", "application/json", `{"text": "bad"}`); status != http.StatusBadRequest || !strings.Contains(text, "bad text") {
		t.Errorf("status %d: %s", status, text)
	}
	if status, text, _ := post(t, url+"/prepared", "application/json", `{}`); status != http.StatusUnprocessableEntity {
		t.Errorf("status %d: %s", status, text)
	}
}

type badFile struct {
	error
	Attached
}

func (f badFile) Unwrap() error { return f.error }

func TestUpload_AnswersAFile(t *testing.T) {
	t.Parallel()
	url := serve(t, func(api API) {
		Direct(api, http.MethodPost, "/files/", "echo", "Echo a file", func(_ context.Context, in *Upload) (Message, error) {
			name, content := in.File()
			text, err := io.ReadAll(content)
			if string(text) == "bad" {
				err := badFile{error: Invalid("bad file")}
				err.Attach(CSV("bad.csv", []string{"file"}, [][]string{{"=" + name}, {"-1.5"}, {"a, \"b\""}}))
				return Message{}, err
			}
			return Message{Message: name + ": " + string(text)}, err
		}, Public, MaxBody(maxBody), AlsoCSV(http.StatusBadRequest))
	})
	form := func(field, text string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"a.txt\"\r\n\r\n" + text + "\r\n--x--\r\n"
	}
	const kind = "multipart/form-data; boundary=x"
	for _, c := range []struct {
		name, kind, body string
		status           int
		answer           string
	}{
		{"a file", kind, form("file", "hello"), http.StatusOK, "{\"message\":\"a.txt: hello\"}\n"},
		{"a file as large as may be", kind, form("file", strings.Repeat("a", maxBody-200)), http.StatusOK, "{\"message\":\"a.txt: aaa"},
		{"a file in the answer", kind, form("file", "bad"), http.StatusBadRequest, "\ufefffile\r\n'=a.txt\r\n-1.5\r\n\"a, \"\"b\"\"\"\r\n"},
		{"too large", kind, form("file", strings.Repeat("a", maxBody)), http.StatusRequestEntityTooLarge, `it may have 2048 KiB`},
		{"another field", kind, form("photo", "hello"), http.StatusUnprocessableEntity, `File required`},
		{"no form", "application/json", `{}`, http.StatusUnsupportedMediaType, `multipart/form-data`},
		{"cut off", kind, strings.TrimSuffix(form("file", "hello"), "--x--\r\n"), http.StatusBadRequest, `the form cannot be read`},
	} {
		status, text, header := post(t, url+"/files", c.kind, c.body)
		if status != c.status || !strings.Contains(text, c.answer) {
			t.Errorf("%s: status %d, want %d: %.200q", c.name, status, c.status, text)
		}
		if isFile := header.Get("Content-Disposition") == `attachment; filename="bad.csv"`; isFile != (c.name == "a file in the answer") {
			t.Errorf("%s: Content-Disposition %q", c.name, header.Get("Content-Disposition"))
		}
		if strings.HasPrefix(header.Get("Content-Type"), "text/csv") != (c.name == "a file in the answer") {
			t.Errorf("%s: Content-Type %q", c.name, header.Get("Content-Type"))
		}
	}
}

// Who runs out of time in front of the hasher, or of anything else that is no database, meets a busy
// server and not a fault of ours.
func TestDeadline_IsUnavailable(t *testing.T) {
	t.Parallel()
	url := serve(t, func(api API) {
		Direct(api, http.MethodPost, "/slow/", "slow", "Slow", func(context.Context, *note) (Message, error) {
			return Message{}, fmt.Errorf("hash: %w", context.DeadlineExceeded)
		}, Public)
	})
	status, text, header := post(t, url+"/slow", "application/json", `{"text": "x"}`)
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q: %s", status, header.Get("Retry-After"), text)
	}
}

// The time for sending a body does not bound the work on it.
func TestBody_TimeIsForSendingIt(t *testing.T) {
	t.Parallel()
	const limit = 50 * time.Millisecond
	short := func(op *huma.Operation) { op.BodyReadTimeout = limit }
	url := serve(t, func(api API) {
		Direct(api, http.MethodPost, "/worked/", "work", "Worked", func(ctx context.Context, in *note) (Message, error) {
			select {
			case <-ctx.Done():
				return Message{}, ctx.Err()
			case <-time.After(6 * limit):
				return Message{Message: in.Body.Text}, nil
			}
		}, Public, short)
	})
	if status, text, _ := post(t, url+"/worked", "application/json", `{"text": "done"}`); status != http.StatusOK {
		t.Errorf("status %d: %s", status, text)
	}
}
