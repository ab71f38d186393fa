package service

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// Nobody waits for another company within a transaction: between two units of work it is called.
func TestOutbound_NeverWithinATransaction(t *testing.T) {
	t.Parallel()
	sky := harness.NewSky(t)
	other := harness.Loopback().Provider("the other", time.Second)
	ask := func(ctx context.Context) error {
		var into map[string]any
		return other.Get(ctx, sky.URL+"/weather", &into)
	}
	within := func(ctx context.Context, _ db.Tx, _ *endpoint.None) (endpoint.Message, error) {
		return endpoint.Message{Message: "asked"}, ask(ctx)
	}
	line := func(ctx context.Context, _ db.Tx, _ *endpoint.None) (endpoint.Message, error) {
		_, err := harness.Loopback().Line(ctx, "the other", strings.TrimPrefix(sky.URL, "http://"), nil)
		return endpoint.Message{Message: "connected"}, err
	}
	p := newPortal(t, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			endpoint.Post(api, "/test/line", "openLine", "Connected while writing", line, endpoint.Members)
			endpoint.Get(api, "/test/reading", "askReading", "Asked while reading", within, endpoint.Members)
			endpoint.Post(api, "/test/writing", "askWriting", "Asked while writing", within, endpoint.Members)
			endpoint.Consult(api, "GET", "/test/between", "askBetween", "Asked in between", func(ctx context.Context, work endpoint.Work, _ *endpoint.None) (m endpoint.Message, err error) {
				nothing := func(context.Context, db.Tx) error { return nil }
				if err := work.Read(ctx, nothing); err != nil {
					return m, err
				}
				if err := ask(ctx); err != nil {
					return m, err
				}
				return endpoint.Message{Message: "asked"}, work.Write(ctx, nothing)
			}, endpoint.Members)
		}
	})
	token := p.Token(harness.CompanyA, auth.User)
	for path, method := range map[string]string{"/test/reading": "GET", "/test/writing": "POST", "/test/line": "POST"} {
		if d := p.Do(method, path, token, nil).Problem(t, http.StatusBadGateway).Detail; !strings.Contains(d, "within a transaction") {
			t.Errorf("%s: %s", path, d)
		}
	}
	if calls := sky.Calls(); len(calls) != 0 {
		t.Errorf("%q", calls)
	}
	p.Do("GET", "/test/between", token, nil).Want(t, http.StatusOK)
	if calls := sky.Calls(); len(calls) != 1 {
		t.Errorf("%q", calls)
	}
}
