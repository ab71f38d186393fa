package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"contractor-portal/integration_tests/bench/stage"
)

// A variant is the same server with another way to the tenant's rows.
type variant struct {
	key, name string
	role      string // what its pool of tenants connects as
	edits     []edit
}

// An edit replaces a text that must stand in a file of the product exactly once, so that a variant that
// no longer fits the product fails instead of measuring something else.
type edit struct{ file, before, after string }

const (
	ours     = "a"
	filtered = "b"
	checked  = "c"
	usual    = "d"
)

// What b, c and d have in common: a unit of work knows its customer as a plain value, and enters nothing.
func withoutEntry(send string) []edit {
	return []edit{
		{"db/unit.go", "type unit struct {\n", "type unit struct {\n\tcustomer string\n\tchecked bool\n"},
		{"db/unit.go", "\treturn d.work(ctx, d.app, u, fn)\n", "\tu.customer = m.CustomerID()\n\treturn d.work(ctx, d.app, u, fn)\n"},
		{"db/unit.go", "\tenter := u.enters() && !u.begun\n", send + "\tenter := false\n"},
		{"db/unit.go", "\tif !u.enters() || u.verified {\n\t\treturn nil\n\t}\n", "\tif true {\n\t\treturn nil\n\t}\n"},
	}
}

// What b and c have in common: the filter is written by hand, and row security does not apply.
func byHand() []edit {
	return []edit{
		{"db/pool.go", "\t\t\terr = refuseUnsafeRole(ctx, pool, p.role)\n", ""},
		{"db/unit.go", "batch.Queue(sql, args...)", "args[0].(pgx.StrictNamedArgs)[\"customer_id\"] = u.customer\n\t\tbatch.Queue(sql, args...)"},
		{"server/properties/properties.go", "from properties p\nwhere (@search", "from properties p\nwhere p.customer_id = @customer_id and (@search"},
		{"server/properties/properties.go", "from properties p where p.id = @id`", "from properties p where p.customer_id = @customer_id and p.id = @id`"},
		{"server/properties/properties.go", "longitude = @longitude where id = @id`", "longitude = @longitude where customer_id = @customer_id and id = @id`"},
		{"server/properties/board.go", "  where u.status = 'active'\n", "  where u.status = 'active' and a.customer_id = @customer_id and u.customer_id = @customer_id\n"},
		{"server/properties/board.go", "order by p.name, p.id\nlimit", "where p.customer_id = @customer_id\norder by p.name, p.id\nlimit"},
	}
}

var variants = []variant{
	{key: ours, name: "this portal: row security, tenancy.enter in the same round trip", role: "portal_app"},
	{key: filtered, name: "filtered by hand, no row security, no check", role: "bench_bypass", edits: append(withoutEntry(""), byHand()...)},
	{key: checked, name: "the customer is checked first, then filtered by hand", role: "bench_bypass", edits: append(withoutEntry(`
	if !u.checked {
		var status string
		if err := u.conn.QueryRow(ctx, "select status from platform.customers where customer_id = $1", u.customer).Scan(&status); err != nil {
			return err
		}
		if status != "active" {
			return &Refusal{Kind: ErrSuspended}
		}
		u.checked = true
	}
`), byHand()...)},
	{key: usual, name: "row security as usual: BEGIN, set_config, query, COMMIT", role: "bench_usual", edits: append(withoutEntry(`
	if !u.begun {
		if _, err := u.conn.Exec(ctx, "begin"); err != nil {
			return err
		}
		u.begun, begin = true, false
		if _, err := u.conn.Exec(ctx, "select set_config('app.customer_id', $1, true)", u.customer); err != nil {
			return err
		}
	}
`), edit{"db/pool.go", "\t\t\terr = refuseUnsafeRole(ctx, pool, p.role)\n", ""})},
}

// build compiles the server of a variant; root is the product's.
func (v variant) build(root string, s *stage.Stage) (program string, err error) {
	overlay, err := v.overlay(root, s.Dir)
	if err != nil {
		return "", err
	}
	return s.Build("serve_"+v.key, "contractor-portal/integration_tests/bench/serve", "-overlay", overlay)
}

// overlay writes the edited files into dir, and the list of them that the compiler takes.
func (v variant) overlay(root, dir string) (file string, err error) {
	texts := map[string]string{}
	for _, e := range v.edits {
		text, ok := texts[e.file]
		if !ok {
			b, err := os.ReadFile(filepath.Join(root, e.file)) //nolint:gosec // a file of this repository
			if err != nil {
				return "", err
			}
			text = string(b)
		}
		if n := strings.Count(text, e.before); n != 1 {
			return "", fmt.Errorf("variant %s: %s has %q %d times, want once: the bench must follow the product", v.key, e.file, e.before, n)
		}
		texts[e.file] = strings.Replace(text, e.before, e.after, 1)
	}
	list := struct{ Replace map[string]string }{map[string]string{}}
	for file, text := range texts {
		changed := filepath.Join(dir, v.key+"_"+strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			return "", err
		}
		list.Replace[filepath.Join(root, file)] = changed
	}
	b, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, v.key+"_overlay.json")
	return file, os.WriteFile(file, b, 0o600)
}
