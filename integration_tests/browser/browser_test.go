// Package browser looks at the portal's pages as people do: in a Chromium, by clicks and keys.
package browser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"contractor-portal/integration_tests/harness"
)

// chromium is the browser that all tests share; each has a profile of its own in it.
var chromium struct {
	path    string
	context context.Context
	once    sync.Once
	err     error
}

func TestMain(m *testing.M) {
	var stop context.CancelFunc
	chromium.path, _ = exec.LookPath("chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium.path), chromedp.NoSandbox, chromedp.Flag("lang", "en-US"),
		// A host that is none of the machine's own.
		chromedp.Flag("host-resolver-rules", "MAP portal.example 127.0.0.1"))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	chromium.context, stop = chromedp.NewContext(allocator)
	harness.Main(m, func() error {
		stop()
		end()
		return nil
	})
}

// A screen is how large a browser's window is.
type screen struct{ width, height int64 }

var (
	desk  = screen{1280, 900}
	phone = screen{390, 844}
)

// A tab is a page of a browser with cookies of its own, and what went wrong in it.
type tab struct {
	t      testing.TB
	portal *harness.Portal
	ctx    context.Context

	mu     sync.Mutex
	faults []string
	sent   map[network.RequestID]string // requests on their way
	bytes  float64
	asked  int
	// expected are parts of faults that a test makes on purpose.
	expected  []string
	downloads string // where what is saved goes
}

// ask sends a command of the browser's protocol.
func ask[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	answer, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer
}

// newTab opens the portal in a browser that knows nobody.
func newTab(t testing.TB, p *harness.Portal, s screen) *tab {
	t.Helper()
	if chromium.path == "" {
		harness.NotTested(t, "the pages, since there is no Chromium (Debian: chromium)")
	}
	chromium.once.Do(func() { chromium.err = chromedp.Do(chromium.context) })
	if chromium.err != nil {
		t.Fatalf("Chromium %s: %v", chromium.path, chromium.err)
	}
	return openTab(t, p, s, chromium.context, chromedp.WithNewBrowserContext())
}

// sibling opens the portal in another tab of the same browser, with the same cookies.
func (b *tab) sibling() *tab {
	b.t.Helper()
	return openTab(b.t, b.portal, desk, b.ctx)
}

func openTab(t testing.TB, p *harness.Portal, s screen, within context.Context, options ...chromedp.ContextOption) *tab {
	t.Helper()
	b := &tab{t: t, portal: p, sent: map[network.RequestID]string{}, downloads: t.TempDir()}
	ctx, stop := chromedp.NewContext(within, append(options, chromedp.WithListener(b.hear))...)
	b.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ask(b, network.Enable, network.EnableParams{})
	ask(b, audits.Enable, cdp.Empty{})
	ask(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.width < 500})
	saved := browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: b.downloads, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID}
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, saved); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(p.URL + "/"))
	t.Cleanup(func() {
		defer stop()
		if t.Failed() {
			b.picture("failed-" + strings.ReplaceAll(t.Name(), "/", "-"))
		}
		for _, f := range b.wrong() {
			t.Error(f)
		}
	})
	return b
}

// hear notes what a person would not see: errors of scripts, what the policy forbade, and answers that refuse.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, "exception: "+fmt.Sprint(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			b.faults = append(b.faults, fmt.Sprintf("console: %s", e.Args[0].Description+string(e.Args[0].Value)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			b.faults = append(b.faults, fmt.Sprintf("log: %s %s", e.Entry.Text, e.Entry.URL))
		}
	case *audits.EventIssueAdded:
		if e.Issue.Code == audits.InspectorIssueCodeContentSecurityPolicyIssue {
			b.faults = append(b.faults, "policy: "+string(e.Issue.Details.ContentSecurityPolicyIssueDetails.ViolatedDirective))
		}
	case *network.EventRequestWillBeSent:
		b.sent[e.RequestID] = e.Request.Method + " " + e.Request.URL
		b.asked++
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			b.faults = append(b.faults, fmt.Sprintf("answer: %s: %d", b.sent[e.RequestID], e.Response.Status))
		}
	case *network.EventLoadingFinished:
		b.bytes += e.EncodedDataLength
		delete(b.sent, e.RequestID)
	case *network.EventLoadingFailed:
		if !e.Canceled {
			b.faults = append(b.faults, fmt.Sprintf("call: %s: %s", b.sent[e.RequestID], e.ErrorText))
		}
		delete(b.sent, e.RequestID)
	}
}

// wrong is what went wrong so far and was not expected.
func (b *tab) wrong() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.faults), func(f string) bool {
		return slices.ContainsFunc(b.expected, func(part string) bool { return strings.Contains(f, part) })
	})
}

// expect names a part of what goes wrong on purpose.
func (b *tab) expect(parts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, parts...)
}

// patience is how long a page may take for something.
const patience = 60 * time.Second

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := b.try(actions...); err != nil {
		b.t.Fatalf("%v\nat %s\nwrong so far: %v\n%s", err, b.eval(`location.href`), b.wrong(), b.text())
	}
}

func (b *tab) try(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	return chromedp.Do(ctx, actions...)
}

// eval runs a script that a person could not, for a test to look at a page. It is given up quietly where there is none.
func (b *tab) eval(script string) (text string) {
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	text, _ = chromedp.Run(ctx, chromedp.Evaluate[string](`(async () => String(await (`+script+`)))()`, chromedp.EvalAwaitPromise))
	return text
}

// text is all that stands on the page.
func (b *tab) text() string { return b.eval(`document.body.innerText`) }

// until waits for a condition, a script.
func (b *tab) until(what, condition string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if b.eval(`Boolean(`+condition+`)`) == "true" {
			return
		}
		time.Sleep(30 * time.Millisecond)
	}
	b.t.Fatalf("%s did not come about at %s; wrong so far: %v\n%s", what, b.eval(`location.href`), b.wrong(), b.text())
}

// settled waits for a page that has read what it shows.
func (b *tab) settled() {
	b.t.Helper()
	b.until("a page that is ready", `document.querySelector("#content") && !document.querySelector("[aria-busy=true]")`)
}

// visit opens a page by its address.
func (b *tab) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`location.hash = ` + strconv.Quote("#"+path)))
	b.until("the page "+path, `document.querySelector("#content")`)
	time.Sleep(20 * time.Millisecond)
	b.settled()
}

// see waits until a text stands on the page.
func (b *tab) see(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		b.until(strconv.Quote(text), `document.body.innerText.includes(`+strconv.Quote(text)+`)`)
	}
}

// within is where a person can click: the dialog that is open, or the page.
const within = `(//dialog[@open])[last()]`

func (b *tab) scope() string {
	if b.eval(`document.querySelector("dialog[open]") !== null`) == "true" {
		return within
	}
	return ""
}

func quoted(text string) string {
	if !strings.Contains(text, `"`) {
		return `"` + text + `"`
	}
	return `'` + text + `'`
}

// click clicks the button or link of that name, the first one, and waits for what comes of it.
func (b *tab) click(name string) {
	b.t.Helper()
	is := `[normalize-space(.)=` + quoted(name) + ` or @aria-label=` + quoted(name) + `]`
	b.press(b.scope()+`//*[self::button or self::a or self::summary]`+is, name)
}

func (b *tab) press(xpath, name string) {
	b.t.Helper()
	b.settled()
	b.until("something to click: "+name, `document.evaluate(`+strconv.Quote(xpath)+`, document, null, 9, null).singleNodeValue`)
	b.do(chromedp.Click(xpath, chromedp.NodeVisible))
	time.Sleep(20 * time.Millisecond)
	b.settled()
}

// field is the XPath of the field with a label.
func (b *tab) field(name string) string {
	return b.scope() + `//*[@id=//label[starts-with(normalize-space(.), ` + quoted(name) + `)]/@for][not(ancestor::dialog[not(@open)])]`
}

// fill types into the field with a label, instead of what stood there.
func (b *tab) fill(name, text string) {
	b.t.Helper()
	x := b.field(name)
	b.until("the field "+name, `document.evaluate(`+strconv.Quote(x)+`, document, null, 9, null).singleNodeValue`)
	kind := b.eval(`document.evaluate(` + strconv.Quote(x) + `, document, null, 9, null).singleNodeValue.type`)
	switch kind {
	case "datetime-local", "date", "time", "number":
		// The keys of these depend on the browser's language.
		b.do(chromedp.Evaluate[chromedp.Void](`(() => { const e = document.evaluate(` + strconv.Quote(x) + `, document, null, 9, null).singleNodeValue; e.focus(); e.value = ` + strconv.Quote(text) + `; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); })()`))
	default:
		b.do(chromedp.Focus(x), chromedp.Evaluate[chromedp.Void](`document.activeElement.select?.()`), chromedp.KeyEvent(kb.Delete), chromedp.SendKeys(x, text))
	}
}

// choose chooses from a list by what stands there.
func (b *tab) choose(name, option string) {
	b.t.Helper()
	x := b.field(name)
	b.until(option+" in "+name, `[...(document.evaluate(`+strconv.Quote(x)+`, document, null, 9, null).singleNodeValue?.options ?? [])].some((o) => o.text.includes(`+strconv.Quote(option)+`))`)
	b.do(chromedp.Evaluate[chromedp.Void](`(() => { const e = document.evaluate(` + strconv.Quote(x) + `, document, null, 9, null).singleNodeValue; e.focus(); e.value = [...e.options].find((o) => o.text.includes(` + strconv.Quote(option) + `)).value; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); })()`))
}

// check clicks a box.
func (b *tab) check(name string) {
	b.t.Helper()
	b.press(b.field(name), name)
}

// logIn logs somebody in by the page, with the password of all.
func (b *tab) logIn(email string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.portal.URL + "/"))
	b.until("the form", `document.querySelector("input[type=password]")`)
	b.fill("E-mail", email)
	b.fill("Password", harness.Password)
	b.click("Log in")
	b.until("somebody logged in", `document.querySelector(".account")`)
	b.settled()
}

// picture writes a screenshot into the folder that TEST_PICTURES names.
func (b *tab) picture(name string) {
	dir := os.Getenv("TEST_PICTURES")
	if dir == "" {
		return
	}
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	image, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err = errors.Join(err, os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name+".png"), image, 0o644)); err != nil {
		b.t.Log(err)
	}
}

// path is where the tab is.
func (b *tab) path() string {
	u, err := url.Parse(b.eval(`location.href`))
	if err != nil {
		b.t.Fatal(err)
	}
	return u.Fragment
}
