package database

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/schema"
)

// drifts are changes by hand that portal migrate leaves alone, of every kind, and what is said of them.
var drifts = map[string]string{
	`alter table portal.locations alter notes set default 'x'`:                 "portal.locations column notes: default 'x'::text now, none installed",
	`alter table portal.routes add column planted text`:                        "portal.routes column planted: type text now, none installed",
	`alter table portal.jobber_property_mapping drop column sync_enabled`:      "portal.jobber_property_mapping column sync_enabled: none now, default true, not null, type boolean installed",
	`alter table portal.winter_products alter created_at type timestamptz(3)`:  "portal.winter_products column created_at: type timestamp(3) with time zone now, type timestamp with time zone installed",
	`alter table portal.locations drop constraint sqft_is_not_negative`:        "portal.locations check sqft_is_not_negative: none now, CHECK ((sqft >= 0)) installed",
	`create index planted on portal.routes (customer_id, lower(name))`:         "portal.routes index planted: CREATE INDEX planted ON portal.routes USING btree (customer_id, lower(name)) now, none installed",
	`alter table portal.routes replica identity nothing`:                       "portal.routes identity replica identity: nothing now, key or row installed",
	`alter sequence portal.locations_id_seq cycle`:                             "portal.locations_id_seq sequence range: as bigint start 1 increment 1 minvalue 1 maxvalue 9223372036854775807 cycle now, as bigint start 1 increment 1 minvalue 1 maxvalue 9223372036854775807 no cycle installed",
	`create statistics portal.planted_too on plow, salt from portal.locations`: "portal.locations statistics planted_too: CREATE STATISTICS portal.planted_too ON plow, salt FROM portal.locations now, none installed",
	`create type portal.planted_type as enum ('a')`:                            "portal.planted_type type: one now, none installed",
	`create rule planted as on insert to portal.properties do instead nothing`: "portal.properties rule planted: CREATE RULE planted AS\n    ON INSERT TO portal.properties DO INSTEAD NOTHING; O now, none installed",
}

// differences are what the audit says of changes by hand, errors and warnings.
func differences(p *harness.Portal) []string {
	return harness.Query[[]string](p, `
		select coalesce(array_agg(object || ' ' || detail order by object collate "C", detail collate "C"), '{}')
		from tenancy.findings
		where lint in ('policy_drift', 'rls_helper_drift', 'changed_by_hand')`)
}

// What somebody changed by hand stays a finding after portal migrate, which says it, however often, until it is mended.
func TestDrift_StaysAfterMigrate(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	var want []string
	for sql, said := range drifts {
		p.Exec(sql)
		want = append(want, said)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, differences(p)); diff != "" {
		t.Errorf("changed by hand (-want +found):\n%s", diff)
	}
	for range 2 {
		var said lines
		o := harness.Options(harness.Suite.Cluster, p.Database)
		o.Say = said.add
		if err := install.Up(t.Context(), schema.Source(), o); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, differences(p)); diff != "" {
			t.Errorf("after portal migrate (-want +found):\n%s", diff)
		}
		if n := len(said.with("audit: warning changed_by_hand: ")); n != len(want) {
			t.Errorf("portal migrate says %d of %d changes: %q", n, len(want), said.all())
		}
	}
	p.Exec(`insert into tenancy.audit_exceptions (lint, object, reason, expires_on) values ('changed_by_hand', 'portal.locations', 'for the tests of the audit', current_date + 1)`)
	if found := differences(p); len(found) == 0 || len(found) >= len(want) {
		t.Errorf("with an exception: %q", found)
	}
	p.Exec(`delete from tenancy.audit_exceptions`)
	for _, remedy := range harness.Query[[]string](p, `select array_agg(remedy) from tenancy.lint_changed_by_hand`) {
		if !noStatement.MatchString(remedy) {
			p.Exec(remedy)
		}
	}
	up(t, harness.Options(harness.Suite.Cluster, p.Database))
	if found := differences(p); len(found) != 1 || !strings.Contains(found[0], "sync_enabled") {
		t.Errorf("after the remedies: %q", found)
	}
}

// A change that isolation rests on is refused as long as it stands; what policies/ says is put back; and what a migration
// changes is no change by hand, not even where an installation was refused in between.
func TestDrift_WhatMigrateRefusesAndPutsBack(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	o := harness.Options(harness.Suite.Cluster, p.Database)
	for _, sql := range []string{
		`alter table portal.property_list_items drop constraint property_is_of_the_same_customer`,
		`create unique index planted_key on portal.routes (customer_id, name, lower(name))`,
		`create trigger planted before update on portal.routes for each row execute function suppress_redundant_updates_trigger()`,
		`create function tenancy.planted() returns int language sql return 1`,
		`create table portal.planted (like portal.routes including all)`,
	} {
		p.Exec(sql)
	}
	stand := differences(p)
	for range 2 {
		err := install.Up(t.Context(), schema.Source(), o)
		for _, found := range stand {
			if object, detail, _ := strings.Cut(found, " "); err == nil || !strings.Contains(err.Error(), object+": "+detail) {
				t.Errorf("portal migrate does not refuse %s: %v", found, err)
			}
		}
	}
	for _, remedy := range harness.Query[[]string](p, `select array_agg(remedy) from tenancy.findings where lint in ('policy_drift', 'rls_helper_drift')`) {
		p.Exec(remedy)
	}
	up(t, o)
	if found := differences(p); len(stand) != 5 || len(found) != 0 {
		t.Errorf("of %q there are after the remedies %q", stand, found)
	}

	for _, sql := range []string{
		`drop trigger touch on portal.routes`, `grant delete on platform.customers to portal_app`, `alter table portal.routes no force row level security`,
		door(mine), `alter policy wall on portal.locations using (true)`, `drop view portal.properties`,
		`create or replace view tenancy.lint_orphan as select 'a'::text as lint, 'info'::text as severity, 'b'::text as object, 'c'::text as detail, 'd'::text as remedy, 1 as more`, `alter function tenancy.role() volatile`,
	} {
		p.Run(sql, harness.PastTheGate(sql))
	}
	if found := differences(p); len(found) < 6 {
		t.Errorf("changed by hand: %q", found)
	}
	p.Run("a lint that is gone", harness.PastTheGate(`drop function tenancy.shared_ids() cascade`))
	if _, err := p.Super.Exec(t.Context(), `select from tenancy.findings`); err == nil || !strings.Contains(err.Error(), "lint_id_in_two_customers") {
		t.Errorf("the audit goes on without a lint: %v", err)
	}
	up(t, o)
	if found := harness.Query[[]string](p, `select coalesce(array_agg(f.lint || ' ' || f.object), '{}') from tenancy.findings f where f.severity = 'error'`); len(found) != 0 {
		t.Errorf("not put back: %q", found)
	}

	added := extended(t, []string{
		`alter table portal.routes add column planted text default 'x', alter column name set default 'y'; ` +
			strings.NewReplacer("unique (customer_id, name)", "unique (name)").Replace(gadgets),
	})
	if err := install.Up(t.Context(), added, o); err == nil || !strings.Contains(err.Error(), "unique_without_tenant") {
		t.Fatalf("a migration with an error: %v", err)
	}
	p.Exec(`alter table portal.gadgets drop constraint name_is_unique_within_the_customer`)
	if err := install.Up(t.Context(), added, o); err != nil {
		t.Errorf("after it was mended: %v", err)
	}
	if found := differences(p); len(found) != 0 {
		t.Errorf("a migration's changes are taken for some by hand: %q", found)
	}
}
