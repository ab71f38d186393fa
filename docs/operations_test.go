package docs

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const belowThis = "---- create above / drop below ----"

// What a way down loses, and what may refuse it, as SQL says it.
var (
	dropTable  = regexp.MustCompile(`(?m)^drop table (\S+?);`)
	alterTable = regexp.MustCompile(`(?ms)^alter table (\S+)(.*?);$`)
	dropColumn = regexp.MustCompile(`drop column (\w+)`)
	deleteFrom = regexp.MustCompile(`(?ms)^delete from (\S+)\s+where (.*?);$`)
	stricter   = regexp.MustCompile(`add constraint (\w+)|alter column (\w+) set not null`)
)

// wayDown is a row of the table of docs/operations.md.
func wayDown(name, down string) string {
	var lost, refuses []string
	for _, m := range dropTable.FindAllStringSubmatch(down, -1) {
		lost = append(lost, "`"+m[1]+"`")
	}
	for _, m := range alterTable.FindAllStringSubmatch(down, -1) {
		of := func(names []string) []string {
			if len(names) == 0 {
				return nil
			}
			return []string{"`" + m[1] + "`: " + strings.Join(names, ", ")}
		}
		var columns, rules []string
		for _, c := range dropColumn.FindAllStringSubmatch(m[2], -1) {
			columns = append(columns, c[1])
		}
		for _, c := range stricter.FindAllStringSubmatch(m[2], -1) {
			rules = append(rules, strings.ReplaceAll(cmp.Or(c[1], c[2]+" is there"), "_", " "))
		}
		lost, refuses = append(lost, of(columns)...), append(refuses, of(rules)...)
	}
	for _, m := range deleteFrom.FindAllStringSubmatch(down, -1) {
		lost = append(lost, fmt.Sprintf("rows of `%s` with `%s`", m[1], m[2]))
	}
	or := func(parts []string) string { return cmp.Or(strings.Join(parts, "; "), "–") }
	return fmt.Sprintf("| %s | %s | %s |", strings.TrimSuffix(name, ".sql"), or(lost), or(refuses))
}

// A DBA who goes down at night reads what is lost from the page, and the page has it from the migrations.
func TestOperations_TellsWhatGoesDownWithAMigration(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(root + "/migrations/*.sql")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d migrations: %v", len(files), err)
	}
	table := []string{"| migration | lost | may be refused by |", "|---|---|---|"}
	for _, file := range slices.Backward(files) {
		_, down, reversible := strings.Cut(read(t, "migrations/"+filepath.Base(file)), belowThis)
		if !reversible {
			t.Errorf("%s has no way down, which docs/operations.md promises of each", file)
		}
		table = append(table, wayDown(filepath.Base(file), down))
	}
	_, has, _ := strings.Cut(read(t, "docs/operations.md"), "## What goes down with a migration\n")
	start := max(strings.Index(has, "| migration |"), 0)
	if want := strings.Join(table, "\n"); strings.TrimSpace(has[start:]) != want {
		t.Errorf("docs/operations.md should end with\n%s", want)
	}
}

func TestOperations_WaysDownAreUnderstood(t *testing.T) {
	t.Parallel()
	const down = `
delete from platform.sessions
where parent_id is not null;
alter table platform.sessions
  drop constraint session_is_of_a_kind,
  drop column parent_id,
  alter column family_hash set not null,
  add constraint one_of_two check (a or b);
drop table portal.outbox;
`
	want := "| 030_x | `portal.outbox`; `platform.sessions`: parent_id; rows of `platform.sessions` with `parent_id is not null` | `platform.sessions`: family hash is there, one of two |"
	if got := wayDown("030_x.sql", down); got != want {
		t.Errorf("%s", got)
	}
	if got := wayDown("031_y.sql", "drop index a;"); got != "| 031_y | – | – |" {
		t.Errorf("%s", got)
	}
}
