package audit_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

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
	r.By = program
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

// program has what the findings of the tests are about.
var program = audit.Program{Version: "v1.2.3", Scripts: []audit.Script{
	{"policies/audit/rls_disabled.sql", "-- Row security is off.\nselect 'rls_disabled' as lint, 'error' as severity"},
	{"policies/audit/temp.sql", "-- Temporary tables.\nselect 'temp' as lint,\n  case when true then 'warning' else 'error' end as severity"},
	{"policies/before/10_roles.sql", "-- 'portal_app' is a role.\n  ('portal_app', true),\n  ('ids')"},
	{"migrations/001_create_users.sql", "-- People.\n\ncreate table portal.users_of_old (id int);\ncreate table portal.users (\n  id int\n);\n"},
	{"policies/after/20_walls.sql", "-- wall\n  ('wall'::text, true)\n"},
	{"policies/after/30_enter.sql", "\ncreate or replace procedure tenancy.enter(p text)\nlanguage sql\n"},
	{"policies/after/16_catalogue.sql", "call tenancy.ensure_view('walls', $view$\n"},
}}

// schema is that of OASIS for SARIF 2.1.0, which the module of the types brings along. It allows no property that it does not name.
var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "pkg/report/v210/sarif/schema.go"))
	if err != nil {
		return nil, err
	}
	_, text, _ := strings.Cut(string(source), "`")
	text, _, _ = strings.Cut(text, "`")
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", document); err != nil {
		return nil, err
	}
	return c.Compile("sarif.json")
})

// sarifLog is a report as SARIF, valid by the schema.
func sarifLog(t *testing.T, r audit.Report) (log sarif.Report) {
	t.Helper()
	text := written(t, r, "sarif")
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(document); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

// The schema refuses what is no SARIF; else the tests would prove nothing.
func TestSchema(t *testing.T) {
	t.Parallel()
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	for text, valid := range map[string]bool{
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]}`:                                       true,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "x"}, "xyz": 1}]}]}`:   false,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"rules": []}}}]}`:                                                      false,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "x"}, "level": 1}]}]}`: false,
	} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(document); (err == nil) != valid {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestReport_SARIF(t *testing.T) {
	t.Parallel()
	run := sarifLog(t, report).Runs[0]
	driver := run.Tool.Driver
	if *driver.Name != "portal audit" || *driver.Version != "v1.2.3" || len(driver.Rules) != 3 || len(run.Results) != 3 {
		t.Fatalf("%s %s: %d rules, %d results", *driver.Name, *driver.Version, len(driver.Rules), len(run.Results))
	}
	for i, want := range []struct {
		level, score, file string
		line               int
	}{{"error", "8.0", "migrations/001_create_users.sql", 4}, {"warning", "8.0", "policies/before/10_roles.sql", 2}, {"note", "2.0", "policies/audit/orphan.sql", 1}} {
		got, f := run.Results[i], report.Findings[i]
		at := got.Locations[0]
		rule := driver.Rules[got.RuleIndex]
		if got.Level != want.level || *got.RuleID != f.Lint || *rule.ID != f.Lint || !strings.Contains(*got.Message.Text, f.Remedy) || !strings.Contains(*got.Message.Markdown, "```sql\n"+f.Remedy+"\n```") {
			t.Errorf("finding %d: %+v", i, got)
		}
		if *at.PhysicalLocation.ArtifactLocation.URI != want.file || *at.PhysicalLocation.Region.StartLine != want.line || *at.LogicalLocations[0].FullyQualifiedName != f.Object {
			t.Errorf("finding %d is at %s:%d", i, *at.PhysicalLocation.ArtifactLocation.URI, *at.PhysicalLocation.Region.StartLine)
		}
		if rule.Properties.Properties["security-severity"] != want.score || !slices.Contains(rule.Properties.Tags, "security") || !strings.Contains(*rule.Help.Markdown, "```sql\n"+f.Remedy+"\n```") || !strings.Contains(*rule.Help.Text, f.Remedy) {
			t.Errorf("rule of finding %d: %+v, %s", i, rule.Properties, *rule.Help.Markdown)
		}
	}
	if text := written(t, audit.Report{}, "sarif"); !strings.Contains(text, `"results": []`) || !strings.Contains(text, `"rules": []`) {
		t.Errorf("nothing found: %s", text)
	}
	sarifLog(t, audit.Report{})
}

// Two findings of one lint are two alerts, and the same finding of another run is the same one.
func TestReport_SARIFKeepsFindingsApart(t *testing.T) {
	t.Parallel()
	finding := func(object, detail string) audit.Finding {
		return audit.Finding{Lint: "temp", Severity: audit.Warning, Object: object, Detail: detail, Remedy: "revoke `it` ```now```"}
	}
	fingerprints := func(findings ...audit.Finding) (all []string) {
		for _, r := range sarifLog(t, audit.Report{Lints: report.Lints, Findings: findings}).Runs[0].Results {
			all = append(all, r.PartialFingerprints["primaryLocationLineHash"])
		}
		return all
	}
	a, b, c := finding("portal.users", "one"), finding("portal.users", "two"), finding("portal.others", "one")
	got := fingerprints(a, b, c)
	if got[0] == got[1] || got[0] == got[2] || got[1] == got[2] || got[0] == "" {
		t.Errorf("%q", got)
	}
	if again := fingerprints(c, a); again[0] != got[2] || again[1] != got[0] {
		t.Errorf("%q, and then %q", got, again)
	}
}

// What was not asked is said, in every format.
func TestReport_NotAsked(t *testing.T) {
	t.Parallel()
	r := audit.Report{Lints: report.Lints, Findings: []audit.Finding{}, NotAsked: []audit.Unasked{{"drift", "only the portal has it"}}}
	for _, format := range []string{"table", "json"} {
		if text := written(t, r, format); !strings.Contains(text, "drift") || !strings.Contains(text, "only the portal has it") {
			t.Errorf("%s: %s", format, text)
		}
	}
	notes := sarifLog(t, r).Runs[0].Invocations[0].ToolConfigurationNotifications
	if len(notes) != 1 || *notes[0].Descriptor.ID != "drift" || *notes[0].Message.Text != "not asked: only the portal has it" {
		t.Errorf("%+v", notes)
	}
}

// A finding lies where its object was made: the policy that it names, else the table, view, function, schema or role.
func TestReport_SARIFPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		object, detail, file string
		line                 int
	}{
		{"portal.users", "row security is not enabled", "migrations/001_create_users.sql", 4},
		{"portal.users", "policy wall (using): true", "policies/after/20_walls.sql", 2},
		{"portal.users", "policy planted (using): true", "migrations/001_create_users.sql", 4},
		{"tenancy.enter(p text)", "is volatile", "policies/after/30_enter.sql", 2},
		{"tenancy.walls", "reads as its owner", "policies/after/16_catalogue.sql", 1},
		{"portal_app", "may log in", "policies/before/10_roles.sql", 2},
		{"portal.planted", "row security is not enabled", "policies/audit/temp.sql", 1},
		{"public.planted(text, integer)", "is volatile", "policies/audit/temp.sql", 1},
		{"ids", "are of two", "policies/audit/temp.sql", 1},
		{"PostgreSQL 15.1 (old)", "is old", "policies/audit/temp.sql", 1},
	} {
		r := audit.Report{Lints: report.Lints, Findings: []audit.Finding{{"temp", audit.Error, c.object, c.detail, "mend it"}}}
		at := sarifLog(t, r).Runs[0].Results[0].Locations[0].PhysicalLocation
		if *at.ArtifactLocation.URI != c.file || *at.Region.StartLine != c.line {
			t.Errorf("%s: %s is at %s:%d, not %s:%d", c.object, c.detail, *at.ArtifactLocation.URI, *at.Region.StartLine, c.file, c.line)
		}
	}
}

func TestReport_UnknownFormat(t *testing.T) {
	t.Parallel()
	if err := report.Write(&bytes.Buffer{}, "yaml"); err == nil {
		t.Error("wrote yaml")
	}
}
