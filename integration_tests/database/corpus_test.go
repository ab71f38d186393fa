package database

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/schema"
)

// A table for which no wall fits ends the installation before the audit: TestMistakes_InAMigration has those.
var unfit = regexp.MustCompile(`create (unlogged )?table portal\.planted|create foreign table portal`)

// A superuser is a member of everything, and of nothing in particular.
const hidesOthers = "app_role_superuser_or_bypass"

// putBack are the faults that portal migrate mends: policies, row security, the grants of our roles, owners, our triggers, the gate.
var putBack = []string{
	"always_true", "backup_role_writes", "bare_current_setting_cast", "column_grant_leak", "constant_false", "current_setting_one_arg", "door_drift", "email_as_identity",
	"event_trigger_gate_missing", "exists_of_anybody", "fk_trigger_disabled", "function_body_unwrapped", "guc_admin_bypass", "hardcoded_literal", "index_defeated_by_function", "no_own_column",
	"not_initplan_wrapped", "null_context_disjunct", "or_true_branch", "pattern_match_on_context", "placeholder_name", "platform_policy_drift",
	"policy_but_rls_off", "policy_function_not_pinned", "policy_recursion", "public_grant", "references_or_trigger_granted", "rls_disabled",
	"rls_no_policy", "rls_not_forced", "role_name_compare", "subquery_on_unprotected_table", "to_bypass_role", "to_public", "truncate_granted", "unknown_role",
	"with_check_missing", "with_check_weaker_than_using", "written_before_login", "wrong_guc_name", "wrong_owner",
}

// ofOneWay: what a migration does is no change by hand; and what policies/before has is put back before the migrations, a context
// function that is volatile, and so all policies that call it, among it.
var ofOneWay = map[string][]string{
	"in a migration":                 {"changed_by_hand", "policy_drift", "rls_helper_drift"},
	"by hand, before portal migrate": {"app_role_attributes", "context_function_drift", "volatile_function"},
}

// togetherIn are the faults that can stand beside each other in one database, each with names of its own.
func togetherIn(t *testing.T, h house, ours []fault) (lints, plants []string) {
	t.Helper()
	conn := harness.ConnectTo(t, h.options.URL)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // all is taken back
	run := func(sql string) error {
		_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
		return err
	}
	if err := run(harness.PastTheGate(``)); err != nil {
		t.Fatal(err)
	}
	for i, f := range ours {
		sql := strings.ReplaceAll(f.plant, "planted", fmt.Sprint("planted_", i))
		if unfit.MatchString(f.plant) || strings.Contains(sql, "set local") || f.setup != "" || f.since > 0 || f.lint == hidesOthers {
			continue
		}
		if err := run("savepoint one; " + sql); err != nil {
			if err := run("rollback to one"); err != nil {
				t.Fatal(err)
			}
			continue
		}
		lints, plants = append(lints, f.lint), append(plants, sql)
	}
	return lints, plants
}

// A kind is what some lints are about, and what became of their shapes: planted in every form, seen, and ended by statements that the
// remedy says. What is left of those seen portal migrate puts back, or the remedy says why no statement can.
type kind struct {
	name                          string
	lints                         []string
	planted, seen, remedied, near int
}

// kinds are those of what goes past the walls; the last one is of all other lints.
var kinds = []*kind{
	{name: "what reads or writes tenant rows", lints: []string{
		"body_unknown", "column_grant_leak", "foreign_table", "leakproof_user_function", "matview_on_tenant", "reached_around_wall", "risky_extension", "rule_on_tenant_table",
		"secdef_executable_by_app", "secdef_function", "secdef_owner_not_minimal", "secdef_search_path", "secdef_trusts_guc", "statement_runner", "trigger_secdef",
		"unregistered_table", "untrusted_language", "view_calls_secdef", "view_not_invoker",
	}},
	{name: "who may become whom", lints: []string{
		"app_role_attributes", "app_role_can_reach_owner", "app_role_member_of_predefined", "app_role_owns", "app_role_superuser_or_bypass", "backup_role_writes",
		"bypass_role_unregistered", "owner_role_unsafe", "unregistered_member", "wrong_owner",
	}},
	{name: "rights beside tables", lints: []string{
		"create_on_schema", "dangerous_function_executable", "default_acl_grants_writes_to_app", "default_acl_public", "large_objects_present", "maintain_granted", "public_grant",
		"references_or_trigger_granted", "right_beside_tables", "role_config_tampered", "row_security_off_default", "sequence_granted_update", "temp_on_database", "truncate_granted",
	}},
	{name: "changes by hand", lints: []string{
		"changed_by_hand", "context_function_drift", "door_drift", "platform_policy_drift", "policy_drift", "rls_helper_drift", "wall_not_canonical",
	}},
	{name: "the audit itself", lints: []string{"event_trigger_gate_missing", "exception_expired"}},
	{name: "published tables", lints: []string{"publication_exposes", "published_unidentified"}},
	{name: "policies, tables and keys"},
}

// kindOf is the kind of a lint.
func kindOf(lint string) *kind {
	for _, k := range kinds {
		if slices.Contains(k.lints, lint) {
			return k
		}
	}
	return kinds[len(kinds)-1]
}

// Each kind has three shapes at least, and there are forty near-misses; each lint that a kind names is one.
func TestAudit_EveryKindHasItsShapes(t *testing.T) {
	t.Parallel()
	shapes, near := map[*kind]int{}, 0
	var lints []string
	for _, f := range faults {
		lints = append(lints, f.lint)
		shapes[kindOf(f.lint)] += 1 + len(f.also)
		near += len(f.near)
	}
	for _, k := range kinds {
		if shapes[k] < 3 {
			t.Errorf("%s: %d shapes", k.name, shapes[k])
		}
		for _, lint := range k.lints {
			if !slices.Contains(lints, lint) {
				t.Errorf("%s: there is no lint %s", k.name, lint)
			}
		}
	}
	if near < 40 {
		t.Errorf("%d near-misses", near)
	}
}

// Each fault is planted a second and a third time, all that fit together at once: in a migration, and by hand before portal migrate.
// What portal migrate does not put back it names: an error refuses the installation, anything else is said. The first way is that of
// TestAudit_EveryLintSeesItsFault.
func TestAudit_PlantedInAMigrationAndBeforeOne(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"in a migration", "by hand, before portal migrate"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, harness.OwnCluster(t))
			up(t, h.options)
			if err := harness.Seed(t.Context(), h.options.URL); err != nil {
				t.Fatal(err)
			}
			ours := faults
			if way == "in a migration" { // which is refused where it makes a table outside of our schemas
				ours = slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return strings.Contains(f.plant, "create table public.") })
			}
			lints, plants := togetherIn(t, h, ours)
			source := schema.Source()
			if way == "in a migration" {
				source = extended(t, []string{strings.Join(plants, ";\n")})
			} else {
				h.Run("the faults", harness.PastTheGate(strings.Join(plants, ";\n")))
			}
			var said lines
			o := h.options
			o.Say = said.add
			err := install.Up(t.Context(), source, o)
			if err == nil {
				t.Fatal("an installation with all these faults is not refused")
			}
			text := err.Error() + "\n" + strings.Join(said.all(), "\n")
			named := 0
			for _, lint := range lints {
				found := regexp.MustCompile(`(error|warning|info) ` + lint + `: `).MatchString(text)
				if back := slices.Contains(putBack, lint) || slices.Contains(ofOneWay[way], lint); found == back {
					t.Errorf("%s: named by portal migrate: %t, to be put back: %t", lint, found, back)
				}
				if found {
					named++
				}
			}
			if len(lints) < 85 || named < 45 {
				t.Errorf("%d faults were planted and %d named", len(lints), named)
			}
			t.Logf("of %d faults %d fit together; %d are named, %d put back", len(faults), len(lints), named, len(lints)-named)
		})
	}
}
