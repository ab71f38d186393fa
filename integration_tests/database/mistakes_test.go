package database

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
)

// gadgets is a migration as it should be, to make mistakes in.
const gadgets = `
create table portal.gadgets (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  property_id bigint,
  name text not null,
  primary key (customer_id, id),
  constraint gadgets_belong_to_a_customer foreign key (customer_id) references platform.customers (customer_id),
  constraint property_is_of_the_same_customer foreign key (customer_id, property_id) references portal.locations (customer_id, id),
  constraint name_is_unique_within_the_customer unique (customer_id, name)
);
create index gadgets_by_property on portal.gadgets (customer_id, property_id);
`

// A mistake puts other text in the place of some; said is what the installer says of it, in one sentence: a warning,
// or an error, with the remedy.
type mistake struct {
	old, new []string
	said     string
}

const (
	column   = "customer_id text not null default tenancy.customer_id()"
	whole    = "primary key (customer_id, id)"
	customer = "  constraint gadgets_belong_to_a_customer foreign key (customer_id) references platform.customers (customer_id),\n"
	property = "  constraint property_is_of_the_same_customer foreign key (customer_id, property_id) references portal.locations (customer_id, id),\n"

	noWall = "policies/after/20_walls.sql: no wall fits portal.gadgets: "
	write  = "; take the migration back (portal migrate down, or an empty database) and write: " + column
)

var mistakes = map[string]mistake{
	"none":          {},
	"only its keys": {[]string{"  property_id bigint,\n  name text not null,\n", property, ",\n  constraint name_is_unique_within_the_customer unique (customer_id, name)", "create index gadgets_by_property on portal.gadgets (customer_id, property_id);"}, []string{"", "", "", ""}, ""},

	"no customer_id": {
		[]string{"  " + column + ",\n", whole, customer, property, "unique (customer_id, name)", "gadgets (customer_id, property_id)"},
		[]string{"", "primary key (id)", "", "", "unique (name)", "gadgets (property_id)"},
		noWall + "there is no column customer_id" + write,
	},
	"customer_id of another type": {
		[]string{column, customer, property}, []string{"customer_id bigint not null default 1", "", ""}, noWall + "customer_id is bigint, not text" + write,
	},
	"customer_id of a type that is cast": {[]string{column}, []string{"customer_id varchar(9) not null"}, noWall + "customer_id is character varying(9), not text" + write},
	"customer_id may be null":            {[]string{column, whole}, []string{"customer_id text", "unique (customer_id, id)"}, noWall + "customer_id may be null" + write},
	"customer_id without default": {
		[]string{" default tenancy.customer_id()"},
		[]string{""},
		"audit: warning tenant_col_default_missing: portal.gadgets: customer_id has not the default tenancy.customer_id() (alter table portal.gadgets alter customer_id set default tenancy.customer_id())",
	},
	"customer_id without foreign key": {
		[]string{customer},
		[]string{""},
		"audit: warning tenant_col_not_fk: portal.gadgets: customer_id does not reference platform.customers (alter table portal.gadgets add foreign key (customer_id) references platform.customers)",
	},
	"no primary key": {
		[]string{"  " + whole + ",\n"},
		[]string{""},
		"audit: warning no_primary_key: portal.gadgets: there is no primary key (alter table portal.gadgets add primary key (customer_id, id))",
	},
	"primary key without the customer": {
		[]string{whole},
		[]string{"primary key (id)"},
		"error unique_without_tenant: portal.gadgets: unique index gadgets_pkey (id) does not contain customer_id (alter table portal.gadgets drop constraint gadgets_pkey, add constraint gadgets_pkey PRIMARY KEY (customer_id, id))",
	},
	"unique without the customer": {
		[]string{"unique (customer_id, name)"},
		[]string{"unique (name)"},
		"error unique_without_tenant: portal.gadgets: unique index name_is_unique_within_the_customer (name) does not contain customer_id (alter table portal.gadgets drop constraint name_is_unique_within_the_customer, add constraint name_is_unique_within_the_customer UNIQUE (customer_id, name))",
	},
	"unique with the customer last": {
		[]string{"unique (customer_id, name)"},
		[]string{"unique (name, customer_id)"},
		"audit: warning unique_not_tenant_leading: portal.gadgets: unique index name_is_unique_within_the_customer (name, customer_id) does not begin with customer_id (alter table portal.gadgets drop constraint name_is_unique_within_the_customer, add constraint name_is_unique_within_the_customer UNIQUE (customer_id, name))",
	},
	"index without the customer": {
		[]string{"gadgets (customer_id, property_id)"},
		[]string{"gadgets (property_id)"},
		"audit: warning index_not_tenant_leading: portal.gadgets: index gadgets_by_property does not begin with customer_id (drop index portal.gadgets_by_property; CREATE INDEX gadgets_by_property ON portal.gadgets USING btree (customer_id, property_id))",
	},
	"foreign key without the customer": {
		[]string{"foreign key (customer_id, property_id) references portal.locations (customer_id, id)"},
		[]string{"foreign key (property_id) references portal.locations (id)"},
		`there is no unique constraint matching given keys for referenced table "locations" (42830); a table of customers is referred to by its whole key: foreign key (customer_id, x_id) references portal.x (customer_id, id)`,
	},
	"set null without columns": {
		[]string{"references portal.locations (customer_id, id)"},
		[]string{"references portal.locations (customer_id, id) on delete set null"},
		"error fk_set_null_without_columns: portal.gadgets: property_is_of_the_same_customer sets customer_id to null (alter table portal.gadgets drop constraint property_is_of_the_same_customer, add constraint property_is_of_the_same_customer foreign key (customer_id, property_id) references portal.locations (customer_id, id) on delete set null (property_id))",
	},
	"id by hand": {
		[]string{"generated always as identity"},
		[]string{"not null"},
		"audit: warning id_not_identity: portal.gadgets: id is not generated always as identity (alter table portal.gadgets alter id add generated always as identity; select setval(pg_get_serial_sequence('portal.gadgets', 'id'), coalesce(max(id), 0) + 1, false) from portal.gadgets)",
	},
	"in schema platform": {
		[]string{"create table portal.", "on portal.gadgets"},
		[]string{"create table platform.", "on platform.gadgets"},
		"error unregistered_table: platform.gadgets: tenancy.platform_access does not name it (no statement does: register it in policies/after/15_registers.sql with its reason, or move it to schema portal)",
	},
}

// beginning is what an error says before its sentences.
var beginning = regexp.MustCompile(`^(migration [0-9]+_of_this_test\.sql: |the audit refuses this schema, .*:\n  )`)

// together tells which mistakes one installation finds: all that the audit warns of, and all that it refuses. Any
// other ends the installation.
func together(name string, m mistake) string {
	switch {
	case m.said == "" || strings.HasPrefix(m.said, "audit: "):
		return "warned of"
	case strings.HasPrefix(m.said, "error "):
		return "refused by the audit"
	}
	return name
}

// Whoever adds a table and makes a mistake reads one sentence that names the table and says what to write. (Those of
// a migration's name and parts are with package install.)
func TestMistakes_InAMigration(t *testing.T) {
	t.Parallel()
	migrations, want := map[string]string{}, map[string][]string{}
	for i, name := range slices.Sorted(maps.Keys(mistakes)) {
		m := mistakes[name]
		sql := gadgets
		for i, old := range m.old {
			if !strings.Contains(sql, old) {
				t.Fatalf("nothing to replace: %s", old)
			}
			sql = strings.Replace(sql, old, m.new[i], 1)
		}
		// Each table has a name of its own, and so have its indexes.
		named := strings.NewReplacer("gadgets", fmt.Sprint("gadgets_", i), "name_is_unique", fmt.Sprint("name_", i, "_is_unique"))
		at := together(name, m)
		migrations[at] += named.Replace(sql)
		if m.said != "" {
			want[at] = append(want[at], named.Replace(m.said))
		}
	}
	for at, sql := range migrations {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			slices.Sort(want[at])
			if diff := cmp.Diff(want[at], complaints(t, sql)); diff != "" {
				t.Errorf("-want +have:\n%s", diff)
			}
		})
	}
}

// complaints are what the installer says of a migration, in order: its warnings, and its errors.
func complaints(t *testing.T, migration string) []string {
	t.Helper()
	var said lines
	o := harness.Options(harness.Suite.Cluster, harness.CloneDatabase(t))
	o.Say = said.add
	err := install.Up(t.Context(), extended(t, []string{migration}), o)
	all := slices.DeleteFunc(said.all(), func(line string) bool {
		return !strings.HasPrefix(line, "audit: ") || strings.Contains(line, "vulnerable_minor")
	})
	if err != nil {
		all = append(all, strings.Split(beginning.ReplaceAllString(err.Error(), ""), "\n  ")...)
	}
	slices.Sort(all)
	return all
}
