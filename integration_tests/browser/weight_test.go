package browser

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"contractor-portal/integration_tests/harness"
)

// What one page may weigh on its first load, over the wire, and how many requests it may need.
const (
	mostBytes    = 150_000
	mostRequests = 40
)

// A weighing is the first load of a page, with nothing kept from before.
type weighing struct {
	bytes    float64
	requests int
	usable   float64 // ms from the beginning until the page has read what it shows
}

// usableScript answers when the page has its first rows and waits for nothing that it needs before.
const usableScript = `new Promise((resolve) => {
  const look = () => {
    const content = document.querySelector("#content");
    const ready = content?.childElementCount && content.getAttribute("aria-busy") !== "true" && [...content.querySelectorAll("table tbody")].every((t) => t.children.length && !t.querySelector("td.empty") || !t.closest("[aria-busy=true]"));
    if (ready) resolve(performance.now());
    else setTimeout(look, 5);
  };
  look();
})`

// weigh loads the page at a path as if for the first time.
func (b *tab) weigh(path string) (w weighing) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"))
	b.mu.Lock()
	b.bytes, b.asked = 0, 0
	b.mu.Unlock()
	b.do(chromedp.Navigate(b.portal.URL + "/#" + path))
	usable, err := strconv.ParseFloat(b.eval(usableScript), 64)
	if err != nil {
		b.t.Fatalf("%s is never usable: %v\n%s", path, err, b.text())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return weighing{b.bytes, b.asked, usable}
}

// The first load of each page stays small, whatever it shows.
func TestPages_Weight(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t, harness.Demo(t))
	weighAll(t, p, func(role, path string, w weighing) {
		if w.bytes > mostBytes || w.requests > mostRequests {
			t.Errorf("%s, %s: %.0f bytes in %d requests", role, path, w.bytes, w.requests)
		}
	})
}

// BenchmarkPages prints for each page its first load, and how long it takes until it is usable.
func BenchmarkPages(b *testing.B) {
	p := harness.NewPortal(b, harness.Demo(b))
	var heaviest, slowest weighing
	weighAll(b, p, func(role, path string, w weighing) {
		fmt.Printf("%-14s %-24s %7.0f bytes %3d requests %6.0f ms\n", role, path, w.bytes, w.requests, w.usable)
		if w.bytes > heaviest.bytes {
			heaviest = w
		}
		if w.usable > slowest.usable {
			slowest = w
		}
	})
	b.ReportMetric(heaviest.bytes, "bytes")
	b.ReportMetric(slowest.usable, "ms-until-usable")
}

func weighAll(t testing.TB, p *harness.Portal, look func(role, path string, w weighing)) {
	for _, who := range people {
		b := newTab(t, p, desk)
		b.logIn(who.email)
		links := b.links()
		ask(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		for _, path := range links {
			look(who.role, path, b.weigh(path))
		}
		b.forget()
	}
}
