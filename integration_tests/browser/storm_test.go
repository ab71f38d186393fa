package browser

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"contractor-portal/integration_tests/harness"
)

// offline takes the connection away for what is asked at addresses of a pattern; without patterns it is there.
func (b *tab) offline(patterns ...string) {
	b.t.Helper()
	conditions := make([]*network.Conditions, 0, len(patterns))
	for _, p := range patterns {
		conditions = append(conditions, &network.Conditions{URLPattern: p, Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	}
	ask(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: conditions})
}

const contractor = "greg.nowak@example.org"

// ticketsOf counts a contractor's logs of a property that began in the last day.
func ticketsOf(p *harness.Portal, property string) int {
	return harness.Query[int](p, `select count(*)::int from portal.winter_ops_logs l join portal.locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
		join portal.users u on (u.customer_id, u.id) = (l.customer_id, l.user_id)
		where p.name = $1 and u.email = $2 and l.created_at > now() - interval '5 minutes'`, property, contractor)
}

// A crew member works from a phone: checks in, answers what is asked, opens a ticket and finishes it with what was used.
func TestCrew_WorksFromAPhone(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t, harness.Demo(t))
	b := newTab(t, p, phone)
	b.logIn(contractor)

	b.visit("/today")
	b.click("Check out")
	b.click("Check out")
	b.see("You are not checked in.")
	b.click("Check in")
	b.fill("Notes", "Back from fuel")
	b.click("Check in")
	b.see("Free for work")
	b.click("Say what I do")
	b.choose("Status", "Working")
	b.choose("At", "Northgate Medical Center")
	b.click("Save")
	b.see("Working")
	b.click("Accept The Lofts at Oliver")
	b.see("No property waits for your answer.")

	b.click("Start Northgate Medical Center")
	b.fill("Start", hoursAgo(t, 1))
	b.fill("Notes", "Drifts at the dock")
	b.click("Start")
	b.see("Ticket runs")
	b.click("Finish Northgate Medical Center")
	b.fill("Bulk salt", "1.5")
	b.fill("Salt (bags)", "4")
	b.click("Finish")
	b.until("one running ticket less", `!document.body.innerText.includes("Ticket runs")`)
	used := harness.Query[string](p, `select concat_ws(' ', l.status, l.bulk_salt_qty::float8, l.bag_salt_qty::float8, l.notes) from portal.winter_ops_logs l order by l.id desc limit 1`)
	if want := "closed 1.5 4 Drifts at the dock"; used != want {
		t.Errorf("the log has %q, expected %q", used, want)
	}
	b.visit("/my-logs")
	b.see("Drifts at the dock")
}

// Without a connection a ticket waits in the browser, whatever is reloaded, and is there once when the connection is back.
func TestCrew_WithoutConnection(t *testing.T) {
	t.Parallel()
	const property = "Sheridan Eye Clinic"
	p := harness.NewPortal(t, harness.Demo(t))
	b := newTab(t, p, phone)
	b.logIn(contractor)
	b.visit("/today")

	b.expect("net::ERR_INTERNET_DISCONNECTED", "did not answer")
	b.offline("")
	b.click("Start " + property)
	b.fill("Notes", "Snow to the hydrant")
	b.click("Start")
	b.see("Waiting for connection: Start "+property, "Waits for connection")
	if n := ticketsOf(p, property); n != 0 {
		t.Errorf("%d logs without a connection", n)
	}

	b.offline("*://*:*/submit-winter-log/*")
	b.do(chromedp.Reload())
	b.settled()
	b.see("Waiting for connection: Start " + property)

	b.offline()
	b.click("Send now")
	b.see("Sent: Start " + property)
	b.until("nothing that waits", `document.querySelector(".waiting").hidden`)
	b.click("Finish " + property)
	b.fill("Calcium chloride", "2")
	b.click("Finish")
	b.until("no running ticket there", `!document.querySelector("[aria-label='Finish `+property+`']")`)
	if n := ticketsOf(p, property); n != 1 {
		t.Errorf("%d logs, expected 1", n)
	}
}

// A driver goes from stop to stop, with a ticket at each, and logs landscape work too.
func TestCrew_DrivesARoute(t *testing.T) {
	t.Parallel()
	const stop = "Harbor Dialysis"
	p := harness.NewPortal(t, harness.Demo(t))
	b := newTab(t, p, phone)
	b.logIn("joey.bianchi@example.com")
	b.visit("/my-route")
	b.see("West Side Morning", "7 stops")
	b.click("Start the stop " + stop)
	b.see("You are at " + stop)
	b.click("Start a ticket at " + stop)
	b.click("Start")
	b.see("0 of 1 ticket done, 1 running, 0 queued.")
	b.click("Finish " + stop)
	b.fill("Salt (bags)", "6")
	b.click("Finish")
	b.see("1 of 1 ticket done, 0 running, 0 queued.")
	b.click("Complete the stop " + stop)
	b.until("no running stop", `!document.body.innerText.includes("You are at")`)

	b.visit("/green-logs")
	b.click("Log landscape work")
	b.choose("Property", stop)
	b.fill("Service type", "Mulching")
	b.fill("Quantity used", "3")
	b.click("Save")
	b.see("Mulching")
	b.visit("/my-timesheet")
	b.click("Timesheet (csv)")
	if text := b.saved(".csv"); !strings.Contains(text, stop) {
		t.Errorf("the timesheet has no %s: %s", stop, text)
	}
}

// saved waits for a file to arrive whose name ends so, and reads it.
func (b *tab) saved(ending string) string {
	b.t.Helper()
	var found string
	harness.WaitFor(b.t, "a file *"+ending, func() bool {
		files, _ := filepath.Glob(filepath.Join(b.downloads, "*"+ending))
		for _, f := range files {
			text, err := os.ReadFile(f)
			found = string(text)
			return err == nil && found != ""
		}
		return false
	})
	return found
}

// hoursAgo is a time on the clock of the demo's first company.
func hoursAgo(t *testing.T, n int) string {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return time.Now().In(zone).Add(-time.Duration(n) * time.Hour).Format("2006-01-02T15:04")
}

// The office runs a storm: it ends the last one, starts one, sees who is there and what is done, completes it, and takes the
// logs home as a file. Another company's office sees nothing of it.
func TestOffice_RunsAStorm(t *testing.T) {
	t.Parallel()
	const property = "Sunrise Pancake House"
	p := harness.NewPortal(t, harness.Demo(t))
	office, crew, other := newTab(t, p, desk), newTab(t, p, phone), newTab(t, p, desk)
	office.logIn("dana.whitlock@example.com")
	office.visit("/events")
	office.see("Another one is started when it has ended.")
	office.click("Lake-Effect Warning")
	office.see("Crews who are there")
	office.click("Complete the event")
	office.fill("End date", hoursAgo(t, 3))
	office.click("Complete the event")
	office.see("Completed at")
	office.visit("/events")
	office.click("Start an event")
	office.fill("Start date", hoursAgo(t, 2))
	office.fill("Event name", "Squall of the browser")
	office.click("Start an event")
	office.see("Squall of the browser", "Nobody has checked in.")

	crew.logIn(contractor)
	crew.visit("/today")
	crew.see("Squall of the browser")
	crew.click("Check in")
	crew.click("Check in")
	crew.see("Free for work")
	crew.click("Start " + property)
	crew.fill("Start", hoursAgo(t, 1))
	crew.fill("Notes", "Ice under the snow")
	crew.click("Start")
	crew.click("Finish " + property)
	crew.fill("Salt (bags)", "3")
	crew.click("Finish")
	crew.until("no running ticket there", `!document.querySelector("[aria-label='Finish `+property+`']")`)

	office.visit("/events")
	office.click("Squall of the browser")
	office.see("Greg Nowak", "Ice under the snow")
	office.fill("Filter", "Ice under")
	// A minute may have turned between start and finish: 1.02 hours then.
	office.see("In all: 1", " hours, 0 cubic yards of bulk salt, 3 bags of salt")
	event := office.path()
	office.click("Complete the event")
	office.click("Complete the event")
	office.see("Completed at")

	office.visit("/logs")
	office.choose("Event", "Squall of the browser")
	office.fill("From", "")
	office.click("Show")
	office.see("Ice under the snow")
	office.click("Winter logs (csv)")
	if text := office.saved(".csv"); !strings.Contains(text, property) || !strings.Contains(text, "Ice under the snow") {
		t.Errorf("the export has no %s: %s", property, text)
	}

	other.logIn("joanna.kowalczyk@example.net")
	other.visit("/events")
	if text := other.text(); strings.Contains(text, "Squall of the browser") || !strings.Contains(text, "Lakeshore Snowfall") {
		t.Errorf("another company's office sees %s", text)
	}
	other.expect("404")
	other.do(chromedp.Evaluate[chromedp.Void](`location.hash = ` + strconv.Quote("#"+event)))
	other.see("there is no such winter event")
}
