package endpoint

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"contractor-portal/server/auth"
)

// serve answers with the operations that routes registers, without a database.
func serve(t *testing.T, routes func(API)) (url string) {
	t.Helper()
	e := echo.New()
	e.HTTPErrorHandler = Answer
	routes(New(e, nil, &auth.Keys{}, slog.New(slog.DiscardHandler)))
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
		Direct(api, http.MethodPost, "/usual/", "Usual", echoed, Public)
		Direct(api, http.MethodPost, "/large/", "Large", echoed, Public, MaxBody(2*maxBody))
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
		Direct(api, http.MethodPost, "/prepared/", "Prepared", func(_ context.Context, in *prepared) (int, error) { return in.length, nil }, Public)
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
