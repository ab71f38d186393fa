package browser

import (
	"cmp"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// people are one of each role, in the demo data.
var people = []struct{ role, email string }{
	{auth.Admin, "morgan.hale@example.com"},
	{auth.Manager, "dana.whitlock@example.com"},
	{auth.Contractor, "greg.nowak@example.org"},
	{auth.Subcontractor, "joey.bianchi@example.com"},
	{auth.User, "ben.halloran@example.com"},
	{auth.SuperAdmin, harness.Operator},
}

// links are the pages in a person's menu.
func (b *tab) links() (paths []string) {
	b.t.Helper()
	text := b.eval(`JSON.stringify([...document.querySelectorAll("#menu a")].map((a) => a.hash.slice(1)))`)
	if err := json.Unmarshal([]byte(text), &paths); err != nil || len(paths) == 0 {
		b.t.Fatalf("no menu: %v %q", err, text)
	}
	return paths
}

// inner are the pages that pages of the menu lead to: the first link of each kind.
func (b *tab) inner() (paths []string) {
	b.t.Helper()
	text := b.eval(`JSON.stringify([...document.querySelectorAll("#content a[href^='#/']")].map((a) => a.getAttribute("href").slice(1).split("?")[0]))`)
	if err := json.Unmarshal([]byte(text), &paths); err != nil {
		b.t.Fatal(err)
	}
	return paths
}

// eachPage shows each page that a person has, those of the menu and one of each kind that they lead to, and names it.
// TEST_PAGES, a part of paths, chooses among them.
func (b *tab) eachPage(look func(path string)) {
	b.t.Helper()
	seen := map[string]bool{}
	show := func(path string) (shown bool) {
		kind := strings.Join(strings.Split(path, "/")[:min(2, strings.Count(path, "/")+1)], "/")
		if strings.Count(path, "/") > 1 {
			kind += "/…"
			if strings.HasSuffix(path, "/import") {
				kind = path
			}
		}
		if seen[kind] || !strings.Contains(path, os.Getenv("TEST_PAGES")) {
			return false
		}
		seen[kind] = true
		b.visit(path)
		look(path)
		return true
	}
	for _, path := range b.links() {
		if !show(path) || path == "/" { // which leads to all of the menu
			continue
		}
		for _, further := range b.inner() {
			show(further)
		}
	}
}

// Each page of each role loads, with no failed call, no error in the console and nothing that the policy forbids.
// TEST_PICTURES names a folder for pictures of them, in light and dark, at a desk and on a phone.
func TestPages_Load(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t, harness.Demo(t))
	for _, who := range people {
		t.Run(who.role, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, p, desk)
			b.logIn(who.email)
			b.eachPage(func(path string) {
				if b.eval(`document.querySelector("#content").childElementCount`) == "0" {
					t.Errorf("%s is empty", path)
				}
				if refused := b.eval(`document.querySelector(".notice.refused")?.innerText ?? ""`); refused != "" {
					t.Errorf("%s: %s", path, refused)
				}
				for _, fault := range b.wrong() {
					t.Errorf("%s: %s", path, fault)
				}
				b.forget()
				b.pictures(who.role, path)
				b.without(path)
				b.withoutInDialogs(path)
			})
		})
	}
}

// The pages for whoever is not logged in hold the same rules.
func TestPages_OfNobody(t *testing.T) {
	t.Parallel()
	b := newTab(t, harness.NewPortal(t, harness.Demo(t)), desk)
	for _, path := range []string{"/log-in", "/sign-up", "/waiting", "/forgotten-password", "/reset-password?token=t", "/accept-invitation?token=t"} {
		b.visit("/waiting")
		b.visit(path)
		if b.eval(`document.querySelector("#content").childElementCount`) == "0" {
			t.Errorf("%s is empty", path)
		}
		b.pictures("Nobody", strings.Split(path, "?")[0])
		b.without(path)
	}
}

// without fails the test where something keeps people out of the page: at a desk in light, on a small phone in dark, and by
// keyboard only.
func (b *tab) without(path string) {
	b.t.Helper()
	for _, barrier := range append(b.barriers(), b.unreached()...) {
		b.t.Errorf("%s: %s", path, barrier)
	}
	b.seenAt(screen{320, 640}, "dark")
	for _, barrier := range b.barriers() {
		b.t.Errorf("%s on a small phone: %s", path, barrier)
	}
	b.seenAt(desk, "light")
}

// openersScript are the buttons of a page that open a dialog, one of each kind: what is made, changed and taken away.
const openersScript = `JSON.stringify([...new Map([...document.querySelectorAll("#content button:not(:disabled, [type=submit])")].filter((e) => e.checkVisibility() && /^(New|Add|Change|Assign|Start an|Complete|Cancel the|Suspend|Delete|Give|Approve|Write|Password|Place)\b/.test(e.innerText)).map((e) => [e.innerText, e.getAttribute("aria-label") ?? e.innerText])).values()])`

// withoutInDialogs is the same for the dialogs of the page, which Escape closes.
func (b *tab) withoutInDialogs(path string) {
	b.t.Helper()
	var names []string
	if text := b.eval(openersScript); json.Unmarshal([]byte(text), &names) != nil {
		b.t.Fatalf("%s: no buttons: %q", path, text)
	}
	for _, name := range names {
		if b.path() != path { // a button may lead to another page
			b.visit(path)
		}
		b.click(name)
		if b.scope() == "" {
			continue
		}
		for _, s := range []screen{desk, {320, 640}} {
			b.seenAt(s, cmp.Or(map[screen]string{desk: "light"}[s], "dark"))
			for _, barrier := range b.barriers() {
				b.t.Errorf("%s, dialog “%s”: %s", path, name, barrier)
			}
		}
		b.seenAt(desk, "light")
		b.do(chromedp.KeyEvent(kb.Escape))
		b.until("a dialog that closes", `!document.querySelector("dialog[open]")`)
	}
	if b.path() != path {
		b.visit(path)
	}
}

func (b *tab) seenAt(s screen, scheme string) {
	b.t.Helper()
	ask(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.width < 500})
	ask(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// pictures takes the page as it is seen in light and dark, at a desk and on a phone.
func (b *tab) pictures(role, path string) {
	if os.Getenv("TEST_PICTURES") == "" {
		return
	}
	name := strings.ReplaceAll(role+path, "/", "_")
	for _, s := range []screen{desk, phone} {
		for _, scheme := range []string{"light", "dark"} {
			b.seenAt(s, scheme)
			b.picture(name + map[screen]string{desk: "-desk-", phone: "-phone-"}[s] + scheme)
		}
	}
	b.seenAt(desk, "light")
}

// forget passes over what went wrong so far, once it was said.
func (b *tab) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}
