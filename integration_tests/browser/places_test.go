package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// sheet has two properties, one of which has a size that is none.
const sheet = `Property Name,Address,area manager,Lot Sq Ft,PLOW/SALT
Maple Plaza,"120 Maple Street, Buffalo, NY 14201",Pat Doyle,42000,Yes/No
Oak Mall,"7 Oak Street, Buffalo, NY 14201",Pat Doyle,many,Yes
`

// A Manager imports a spreadsheet after he was told what is wrong with it, changes the property, assigns a person to it on the
// board, and brings a route into order by keys. The other company sees none of it.
func TestPlaces_FromASpreadsheetToARoute(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	b := newTab(t, p, desk)
	b.logIn(harness.Email(harness.CompanyA, auth.Manager))
	b.imports(sheet)

	b.visit("/properties")
	b.fill("Filter", "maple")
	b.click("Maple Plaza")
	b.see("120 Maple Street", "It has no position yet.", "Nobody is assigned.")
	b.click("Change")
	b.fill("Size in square feet", "43000")
	b.fill("Latitude", "42.886")
	b.fill("Longitude", "-78.878")
	b.click("Save")
	b.see("43,000", "42.886, -78.878")

	b.visit("/board")
	b.fill("Filter", "maple")
	b.click("Assign somebody to Maple Plaza")
	b.choose("Person", "Contractor One")
	b.check("Is primary")
	b.click("Assign")
	b.see("Not answered", "Primary")
	b.do(chromedp.Reload())
	b.see("Maple Plaza")
	b.settled()
	if rows := b.eval(`document.querySelectorAll("tbody tr").length`); rows != "1" {
		t.Errorf("after a reload the board has %s rows: the filter is lost", rows)
	}
	b.ordersARoute()
	b.places()
	b.distributes()

	other := newTab(t, p, desk)
	other.logIn(harness.Email(harness.CompanyB, auth.Manager))
	for path, own := range map[string]string{"/properties": "Property 1", "/board": "Property 1", "/map": "Property 1", "/routes": "Nothing yet."} {
		other.visit(path)
		other.see(own)
		if text := other.text(); strings.Contains(text, "Maple Plaza") || strings.Contains(text, "Morning loop") {
			t.Errorf("%s of the other company: %s", path, text)
		}
	}
}

// imports takes a file through the page: first what would become of it, then the import.
func (b *tab) imports(text string) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "properties.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.visit("/properties/import")
	b.do(chromedp.SetUploadFiles(b.field("File"), []string{file}))
	b.click("Check the file")
	b.see("1 property would be added, 1 row has errors", "Rows with errors", "Lot Sq Ft", "many")
	b.choose("If a row has errors", "add nothing")
	b.click("Check the file")
	b.see("Nothing can be imported until these rows are corrected")
	b.choose("If a row has errors", "add the good rows")
	b.click("Check the file")
	b.click("Import now")
	b.see("What the import did", "1 property added, 1 row has errors")
}

// places gives a property a position by the map's middle, and another by a click into the map.
func (b *tab) places() {
	b.t.Helper()
	b.visit("/map")
	b.see("1 property on the map", "Without a position")
	b.click("Place Property 1")
	b.click("Take the middle of the map")
	b.click("Save")
	b.see("2 properties on the map")
	b.click("Place Property 2")
	b.do(chromedp.Click(`//*[name()="svg"][@tabindex]`))
	b.until("a position", `document.querySelector("input[id^=latitude]").value !== ""`)
	b.click("Save")
	b.see("3 properties on the map")
}

// distributes has the portal assign the properties of a new list, and is told whom it gave them and why.
func (b *tab) distributes() {
	b.t.Helper()
	b.visit("/lists")
	b.click("New list")
	b.fill("Name", "Downtown")
	b.click("Save")
	b.see("Automatic assignment")
	b.click("Add a property")
	b.choose("Property", "Property 3")
	b.click("Add")
	b.see("3 Same Street")
	b.click("Assign the list")
	b.see("both types of crew are needed")
	b.portal.Exec(`update portal.users set default_equipment = 'Sidewalk Crew' where role = 'User'`)
	b.click("Assign the list")
	b.see("1 of 1 property newly assigned", "User One", "In turn.")
}

// ordersARoute makes a route of three stops and moves the last one to the first place, by the keyboard alone.
func (b *tab) ordersARoute() {
	b.t.Helper()
	b.visit("/routes")
	b.click("New route")
	b.fill("Name", "Morning loop")
	b.click("Save")
	for _, stop := range []string{"Property 1", "Property 2", "Maple Plaza"} {
		b.see("Drag the stops into order")
		b.click("Add a stop")
		b.choose("Property", stop)
		b.fill("Estimated minutes", "20")
		b.click("Add")
		b.see(stop)
	}
	b.do(chromedp.Focus(`//button[@aria-label="Up Maple Plaza"]`), chromedp.KeyEvent(kb.Enter))
	b.see("Maple Plaza is stop 2 now.")
	b.until("the focus that goes along", `document.activeElement.ariaLabel === "Up Maple Plaza"`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.see("Maple Plaza is stop 1 now.")
	b.eval(`(() => {
  const [first, , third] = document.querySelectorAll(".stops li");
  const drag = (type, at) => at.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: new DataTransfer()}));
  drag("dragstart", third); drag("dragover", first); drag("drop", first); drag("dragend", third);
})()`)
	b.see("Property 2 is stop 1 now.")
	b.do(chromedp.Focus(`//button[@aria-label="Down Property 2"]`), chromedp.KeyEvent(kb.Enter))
	b.see("Property 2 is stop 2 now.")
	b.click("Down Property 2")
	b.see("Property 2 is stop 3 now.")
	b.click("Choose the drivers")
	b.check("Contractor One")
	b.click("Save")
	b.see("Contractor One (Contractor)", "No winter event is on.")
	b.do(chromedp.Reload())
	b.see("3 stops, about 60 minutes")
	if order := b.eval(`[...document.querySelectorAll(".stops li > a")].map((a) => a.textContent).join()`); order != "Maple Plaza,Property 1,Property 2" {
		b.t.Errorf("the stops are %s", order)
	}
}

// Where tiles are set, the map lies upon them, and the policy lets their images load.
func TestPlaces_MapWithTiles(t *testing.T) {
	t.Parallel()
	var asked atomic.Pointer[string]
	tiles := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(&r.URL.Path)
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><rect width="256" height="256" fill="#cde"/></svg>`)
	}))
	defer tiles.Close()
	p := harness.NewPortal(t, func(s *harness.Settings) { s.Server.Tiles = tiles.URL + "/{z}/{x}/{y}.svg" })
	p.Exec(`update portal.locations set latitude = 42.5, longitude = -79 + id * 0.01 where customer_id = $1`, harness.CompanyA)
	b := newTab(t, p, desk)
	b.logIn(harness.Email(harness.CompanyA, auth.User))
	b.visit("/map")
	b.see("The map's tiles come from "+strings.TrimPrefix(tiles.URL, "http://"), "3 properties on the map")
	b.until("a tile", `performance.getEntriesByType("resource").some((e) => e.name.startsWith(`+strconv.Quote(tiles.URL)+`))`)
	if path := asked.Load(); path == nil || !regexp.MustCompile(`^/\d+/\d+/\d+\.svg$`).MatchString(*path) {
		t.Errorf("the tile that was asked for is %v", path)
	}
	if text := b.text(); strings.Contains(text, "Place Property") {
		t.Error("a User is offered to place a property")
	}
}
