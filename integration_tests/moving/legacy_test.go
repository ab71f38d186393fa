package moving

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving/legacy"
)

// quiet is a progress that says nothing.
type quiet struct{}

func (quiet) Table(string, int64) {}
func (quiet) Rows(int64)          {}
func (quiet) Done()               {}

// options are those of an import into a portal.
func options(t testing.TB, p *harness.Portal, m harness.MariaDB) legacy.Options {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return legacy.Options{
		From: m.DSN, URL: databaseURL(p), Into: "LEGACY001", Company: "Imported company", Zone: zone,
		BackDoors: []string{harness.OldPortalDoor}, Progress: quiet{}, Vault: harness.VaultOf(p.Keys),
	}
}

// imported imports, and expects nothing to fail.
func imported(t testing.TB, p *harness.Portal, m harness.MariaDB, change ...func(*legacy.Options)) *legacy.Report {
	t.Helper()
	o := options(t, p, m)
	for _, c := range change {
		c(&o)
	}
	report, err := legacy.Import(t.Context(), o)
	if err != nil {
		if report != nil {
			_ = report.Text(os.Stdout)
		}
		t.Fatal(err)
	}
	return report
}

var databaseName = regexp.MustCompile(`legacy_\d+_\d+`)

// TestLegacy_GoldenReport imports each generation, and compares what is said of every row that was not taken as it is.
func TestLegacy_GoldenReport(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{harness.GenerationA, harness.GenerationB, harness.Version06} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			p, m, dir := harness.NewPortal(t), harness.NewOldPortal(t, generation), t.TempDir()
			imported(t, p, m, func(o *legacy.Options) { o.Folder = dir })
			var all strings.Builder
			for _, name := range []string{"report.txt", "rows.csv", "archive.jsonl"} {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				all.WriteString("== " + name + "\n" + databaseName.ReplaceAllString(string(text), "legacy") + "\n")
			}
			harness.CompareWithGolden(t, "legacy_"+generation+".golden", []byte(all.String()))
			var report legacy.Report
			text, err := os.ReadFile(filepath.Join(dir, "report.json"))
			if err != nil || json.Unmarshal(text, &report) != nil || len(report.Customers) == 0 {
				t.Errorf("report.json: %v", err)
			}
			for _, secret := range []string{"planted-", "$2a$", "token-of-an-invoice"} {
				if strings.Contains(all.String()+string(text), secret) {
					t.Errorf("the report has %s", secret)
				}
			}
		})
	}
}
