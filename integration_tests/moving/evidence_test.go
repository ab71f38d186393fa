package moving

import (
	"archive/tar"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contractor-portal/evidence"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/integration_tests/report"
)

// everything is all that stands in the files of a folder.
func everything(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// told makes evidence of a portal by the command, and returns the folder and its page.
func told(t *testing.T, p *harness.Portal, args ...string) (dir, page string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "evidence")
	if out, err := harness.Command(t, databaseURL(p), append([]string{"evidence", "--out", dir}, args...)...); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := evidence.Check(dir); err != nil {
		t.Error(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, string(content)
}

var elsewhere = regexp.MustCompile(`(?:src|href)="(?:https?:)?//|url\(|@import|<script`)

// The evidence of a portal says how it stands, and nothing of what companies have in it; it needs nothing from elsewhere.
func TestEvidence_HasNoRow(t *testing.T) {
	t.Parallel()
	p := full(t)
	store(p)
	p.Exec(`update portal.users set name = 'Zebrawood ' || name`) // policies speak of a suspended person, too
	words := append(planted(p), keysOf(p)...)
	if missing := absent(dumped(t, p), words); len(missing) > 0 {
		t.Fatalf("not in the source to begin with: %v", missing)
	}
	dir, page := told(t, p)
	all := everything(t, dir)
	if there := found(all, words); len(there) > 0 {
		t.Errorf("in the evidence: %v", there)
	}
	noOneOf(t, p, all)
	for _, want := range []string{"0 of ", "portal.locations", "portal_app", "/add-property/", "no report was given", "customers active"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if found := elsewhere.FindString(page); found != "" {
		t.Errorf("the page has %q", found)
	}

	if err := os.WriteFile(filepath.Join(dir, "roles.json"), []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := evidence.Check(dir); err == nil || !strings.Contains(err.Error(), "roles.json") {
		t.Errorf("a changed file: %v", err)
	}
}

// Who reads the audit and no data makes it, too, and does not count customers.
func TestEvidence_OfAnAuditor(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	dir := filepath.Join(t.TempDir(), "evidence")
	if out, err := harness.Command(t, harness.Suite.Cluster.URL("portal_auditor", p.Database), "evidence", "--out", dir); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	page := everything(t, dir)
	if !strings.Contains(page, "Customers were not counted") || !strings.Contains(page, `"customers": null`) {
		t.Error("it does not say that customers were not counted")
	}
}

// A policy that was changed, taken away or added by hand shows, with both sums; so does its table.
func TestEvidence_ShowsAChangedPolicy(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Exec(harness.PastTheGate(`
		alter policy app_door on portal.routes using (true);
		drop policy inspector_door on portal.equipment_rates;
		create policy planted on platform.usage to portal_app using (true)`))
	dir := t.TempDir()
	if _, err := evidence.Write(t.Context(), dir, evidence.Options{URL: databaseURL(p), Document: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	page := string(read(t, dir, "index.html"))
	var policies []struct {
		Table     string `json:"table_name"`
		Name      string `json:"name"`
		Sum       string `json:"installed_sha256"`
		Program   string `json:"program_sha256"`
		Different string `json:"difference"`
	}
	if err := json.Unmarshal(read(t, dir, "policies.json"), &policies); err != nil {
		t.Fatal(err)
	}
	var differ []string
	for _, one := range policies {
		if (one.Sum != one.Program) != (one.Different != "") {
			t.Errorf("%s.%s: sums %q and %q, difference %q", one.Table, one.Name, one.Sum, one.Program, one.Different)
		}
		if one.Different != "" {
			differ = append(differ, one.Table+" "+one.Different)
			if !strings.Contains(page, one.Name) || !strings.Contains(page, one.Table) {
				t.Errorf("the page does not name %s of %s", one.Name, one.Table)
			}
		}
	}
	want := []string{
		"platform.usage policy planted is not registered: for all to portal_app, using true, check nothing",
		"portal.equipment_rates policy inspector_door is missing",
		"portal.routes policy app_door differs: using true, registered (customer_id = ( SELECT tenancy.customer_id() AS customer_id))",
	}
	if !slices.Equal(differ, want) {
		t.Errorf("differences %q", differ)
	}
	if !strings.Contains(page, `<span class="bad">differs</span>`) {
		t.Error("the page marks no difference")
	}
}

// The file is the folder; what is there already stays as it is. TEST_EVIDENCE names it where it is to be kept, as CI does.
func TestEvidence_AsOneFile(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	packed := cmp.Or(os.Getenv("TEST_EVIDENCE"), filepath.Join(t.TempDir(), "evidence.tar"))
	if out, err := harness.Command(t, databaseURL(p), "evidence", "--out", packed, "--reports", cmp.Or(report.Path(""), t.TempDir())); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir := t.TempDir()
	unpack(t, packed, dir)
	if err := evidence.Check(dir); err != nil {
		t.Error(err)
	}
	before, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	out, err := harness.Command(t, databaseURL(p), "evidence", "--out", packed)
	if after, _ := os.ReadFile(packed); err == nil || !strings.Contains(out, "is there already") || string(after) != string(before) {
		t.Errorf("over a file: %v, %s", err, out)
	}
}

func unpack(t *testing.T, file, dir string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for archive := tar.NewReader(in); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(head.Name))
		content, err := io.ReadAll(archive)
		if head.FileInfo().IsDir() {
			err = os.MkdirAll(path, 0o700)
		} else if err == nil {
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Reports come along with their heads; one that says nothing is an error that names it, and leaves nothing.
func TestEvidence_OfReports(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	reports := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(reports, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("attack-summary.json", `{"made": "2026-11-30 22:51 UTC", "postgresql": "PostgreSQL 17.12", "commit": "f00dcafe", "leaked": 0, "cells": 4711}`)
	write("attack-report.html", `<p>cells of the attack</p>`)
	write("notes.txt", `zebrawood`)
	dir, page := told(t, p, "--reports", reports)
	for _, want := range []string{"2026-11-30 22:51 UTC", "PostgreSQL 17.12", "f00dcafe", "cells 4711", "leaked 0", `href="reports/attack-report.html"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(page, "no report was given"); n != 2 {
		t.Errorf("%d reports are said not to be given, want 2", n)
	}
	if all := everything(t, dir); strings.Contains(all, "zebrawood") || !strings.Contains(all, "cells of the attack") {
		t.Error("not the files of the reports, and these alone")
	}

	write("mutation-summary.json", `{"mutants": 7}`)
	out := filepath.Join(t.TempDir(), "none")
	said, err := harness.Command(t, databaseURL(p), "evidence", "--out", out, "--reports", reports)
	if err == nil || !strings.Contains(said, "mutation-summary.json does not say when it was made") {
		t.Errorf("a report that says nothing: %v, %s", err, said)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("half a folder is there")
	}
}
