package browser

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"contractor-portal/integration_tests/harness"
)

// Each rule finds its fault in a page made for it, and nothing else there; a page without faults has none.
func TestRules(t *testing.T) {
	t.Parallel()
	b := newTab(t, harness.NewPortal(t), desk)
	files, err := filepath.Glob("testdata/rules/*.html")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d pages (%v)", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b.do(chromedp.Navigate("data:text/html;charset=utf-8;base64," + base64.StdEncoding.EncodeToString(text)))
		rule := regexp.MustCompile(`[a-z]+`).FindString(filepath.Base(file))
		var found []string
		for _, barrier := range append(b.barriers(), b.unreached()...) {
			found = append(found, strings.SplitN(barrier, ":", 2)[0])
		}
		want := []string{rule}
		if rule == "good" {
			want = nil
		}
		if found = slices.Compact(slices.Sorted(slices.Values(found))); !slices.Equal(found, want) {
			t.Errorf("%s: found %q in %q", file, found, b.barriers())
		}
	}
	b.forget()
}

// mostStops is how many stops of the tabulator are tried on one page.
const mostStops = 60

// unreached is what can be operated and is not reached by the tabulator, in the order of the page and with a mark that is seen;
// and what does not let go of it.
func (b *tab) unreached() (all []string) {
	b.t.Helper()
	stops, err := strconv.Atoi(b.eval(keyboardScript))
	if err != nil {
		b.t.Fatal(err)
	}
	last := -1
	for range min(stops, mostStops) {
		b.do(chromedp.KeyEvent(kb.Tab))
		at := b.eval(`(() => { const e = document.activeElement; const s = getComputedStyle(e); return [e.dataset.stop ?? "", s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0, e.tagName + " " + (e.innerText || e.id).slice(0, 30)].join("|"); })()`)
		parts := strings.SplitN(at, "|", 3)
		stop, err := strconv.Atoi(parts[0])
		if err != nil || stop < last {
			return append(all, "keyboard: after stop "+strconv.Itoa(last)+" of "+strconv.Itoa(stops)+" comes "+at)
		}
		if stop > last+1 {
			// The parts of a date are stops of their own, which stay at one element.
			all = append(all, "keyboard: stop "+strconv.Itoa(last+1)+" is passed over: "+b.eval(`(e => e.tagName + " " + (e.innerText || e.id))(document.querySelector("[data-stop='`+strconv.Itoa(last+1)+`']"))`))
		}
		if parts[1] != "true" {
			all = append(all, "keyboard: the focus is not seen at "+parts[2])
		}
		last = stop
	}
	return all
}
