package browser

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server"
	"contractor-portal/server/auth"
)

// A page of before works as it is: calls go to the server it came from, with the token that it keeps, which nobody else is
// sent. The cookies of somebody who is logged in at the portal's own pages, in the same browser, open nothing there.
func TestOldPages(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	old := httptest.NewServer(server.NewOldPages(server.OldPages{Dir: "testdata/oldpages", API: p.Handler, Log: slog.New(slog.NewJSONHandler(p.Log, nil))}))
	t.Cleanup(old.Close)
	var asked, leaked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("Authorization")+r.Header.Get("Access-Control-Request-Headers")+r.Header.Get("Cookie") != "" {
			leaked.Add(1)
		}
	}))
	t.Cleanup(elsewhere.Close)
	address := old.URL + "/static/PropertyInfo.html?elsewhere=" + elsewhere.URL

	b := newTab(t, p, desk)
	b.expect("401", elsewhere.URL, "connect-src", "favicon.ico")
	b.logIn(harness.Email(harness.CompanyB, auth.Admin))
	b.do(chromedp.Navigate(address))
	b.see("fetched: a bearer token is required", "asked: a bearer token is required", "elsewhere: done")

	b.do(chromedp.Evaluate[chromedp.Void](`localStorage.setItem("access_token", "`+p.Token(harness.CompanyA, auth.Admin)+`")`), chromedp.Navigate(address))
	b.see("fetched: Property 1, Property 2, Property 3", "asked: "+harness.CompanyA, "elsewhere: done")
	if text := b.text(); strings.Contains(text, harness.CompanyB) {
		t.Error(text)
	}
	if leaked.Load() != 0 {
		t.Errorf("another server was asked %d times, %d of them with something to show", asked.Load(), leaked.Load())
	}
	b.do(chromedp.Navigate(p.URL + "/#/company"))
	b.see("Birch Grounds")
}
