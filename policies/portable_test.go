package policies

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A lint that is asked of another database names nothing of tenancy, and every lint is asked or has its reason.
func TestPortable(t *testing.T) {
	t.Parallel()
	asked, unasked := Portable()
	if len(asked)+len(unasked) != len(Lints()) || len(asked) < 45 {
		t.Errorf("%d lints: %d asked elsewhere, %d not", len(Lints()), len(asked), len(unasked))
	}
	for _, l := range asked {
		if names := references(l.SQL); len(names) > 0 {
			t.Errorf("%s reads %q of tenancy", l.Name, names)
		}
		if !strings.HasPrefix(l.SQL, "with audited as (") || strings.Contains(l.SQL, "run portal migrate, or") {
			t.Errorf("%s: %s", l.Name, l.SQL)
		}
	}
	for _, u := range unasked {
		if u.Reason == "" {
			t.Errorf("%s is not asked, without a reason", u.Name)
		}
	}
}

// A function is written where it is called, with its arguments in the place of its parameters; texts and comments are left alone.
func TestWriter_Write(t *testing.T) {
	t.Parallel()
	w := writer{
		views:     map[string]string{"a": "select 'a, b)' as x -- it's a", "b": "select tenancy.twice(x, 'y)') from tenancy.a"},
		functions: map[string]function{"twice": {[]string{"x", "y"}, "x || 'x' || y || x"}},
	}
	got, reason := w.write("", "select tenancy.twice(tenancy.twice(b.z, 'see tenancy.a'), (1, 2)) from tenancy.b")
	_, got, _ = strings.Cut(got, "),\n")
	want := `a as not materialized (
select 'a, b)' as x 
),
b as not materialized (
select ((x) || 'x' || ('y)') || (x)) from a
)
select ((((b.z) || 'x' || ('see tenancy.a') || (b.z))) || 'x' || ((1, 2)) || (((b.z) || 'x' || ('see tenancy.a') || (b.z)))) from b`
	if diff := cmp.Diff(want, got); diff != "" || reason != "" {
		t.Errorf("%s (-want +got):\n%s", reason, diff)
	}
	for sql, want := range map[string]string{
		"select 'portal_app'":            "it is about portal_app, which is the portal's own",
		"select from tenancy.c":          "it needs tenancy.c, which only the portal has",
		"select 'tenancy.customer_id()'": "it is about tenancy.customer_id(), which is the portal's own",
	} {
		if sql, reason := w.write("", sql); sql != "" || reason != want {
			t.Errorf("%q: %q", reason, sql)
		}
	}
}
