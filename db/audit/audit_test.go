package audit_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/db/audit"
)

var report = audit.Report{
	Lints: []audit.Lint{{"orphan", "Rows that point at nothing."}, {"rls_disabled", "Row security is off."}, {"temp", "Temporary <tables>."}},
	Findings: []audit.Finding{
		{"rls_disabled", audit.Error, "portal.users", "row security\nis not enabled", "enable it"},
		{"temp", audit.Warning, "portal_app", "may create <temporary> tables", "revoke it"},
		{"orphan", audit.Info, "foreign keys", "not checked", "run portal migrate"},
	},
	Exceptions: []audit.Exception{{"temp", "portal_auth", "until the\nmove", "2026-12-31", "dba", "2026-12-01"}},
}

func written(t *testing.T, r audit.Report, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReport_Table(t *testing.T) {
	t.Parallel()
	want := `SEVERITY  LINT          OBJECT
error     rls_disabled  portal.users
          row security is not enabled
          remedy: enable it
warning   temp          portal_app
          may create <temporary> tables
          remedy: revoke it
info      orphan        foreign keys
          not checked
          remedy: run portal migrate
excepted  temp          portal_auth
          until 2026-12-31, by dba on 2026-12-01: until the move
3 lints: 1 errors, 1 warnings, 3 findings in all
`
	if diff := cmp.Diff(want, written(t, report, "table")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := written(t, audit.Report{}, "table"); got != "0 lints: 0 errors, 0 warnings, 0 findings in all\n" {
		t.Errorf("nothing found: %q", got)
	}
}

func TestReport_JSON(t *testing.T) {
	t.Parallel()
	var got struct {
		Errors, Warnings, Lints int
		Findings                []audit.Finding
	}
	text := written(t, report, "json")
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Errors != 1 || got.Warnings != 1 || got.Lints != 3 || cmp.Diff(report.Findings, got.Findings) != "" {
		t.Errorf("%+v", got)
	}
	if text = written(t, audit.Report{Findings: []audit.Finding{}}, "json"); !strings.Contains(text, `"findings": []`) {
		t.Errorf("nothing found: %s", text)
	}
}

// What SARIF 2.1.0 demands of a log with results.
func TestReport_SARIF(t *testing.T) {
	t.Parallel()
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID               string
						ShortDescription struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
					LogicalLocations []struct{ FullyQualifiedName string }
				}
				PartialFingerprints map[string]string
			}
		}
	}
	d := json.NewDecoder(strings.NewReader(written(t, report, "sarif")))
	d.DisallowUnknownFields()
	if err := d.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || !strings.Contains(log.Schema, "sarif-2.1.0") || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name == "" {
		t.Fatalf("%+v", log)
	}
	run := log.Runs[0]
	if len(run.Tool.Driver.Rules) != 3 || len(run.Results) != 3 {
		t.Fatalf("%d rules, %d results", len(run.Tool.Driver.Rules), len(run.Results))
	}
	for i, level := range []string{"error", "warning", "note"} {
		got, f := run.Results[i], report.Findings[i]
		if got.Level != level || got.RuleID != f.Lint || run.Tool.Driver.Rules[got.RuleIndex].ID != f.Lint || !strings.Contains(got.Message.Text, f.Remedy) ||
			len(got.Locations) != 1 || got.Locations[0].LogicalLocations[0].FullyQualifiedName != f.Object ||
			got.Locations[0].PhysicalLocation.ArtifactLocation.URI != "policies/audit/"+f.Lint+".sql" || got.Locations[0].PhysicalLocation.Region.StartLine != 1 ||
			len(got.PartialFingerprints) != 1 {
			t.Errorf("finding %d: %+v", i, got)
		}
	}
	if text := written(t, audit.Report{}, "sarif"); !strings.Contains(text, `"results": []`) || !strings.Contains(text, `"rules": []`) {
		t.Errorf("nothing found: %s", text)
	}
}

func TestReport_UnknownFormat(t *testing.T) {
	t.Parallel()
	if err := report.Write(&bytes.Buffer{}, "yaml"); err == nil {
		t.Error("wrote yaml")
	}
}
