package install

import (
	"strings"
	"testing"
	"testing/fstest"
)

// Each mistake in a migration is told in one sentence that names the file and what to do.
func TestNewest_SaysWhatIsWrongWithAMigration(t *testing.T) {
	t.Parallel()
	const down = "\n" + marker + "\n\ndrop table portal.gadgets;\n"
	const gadgets = "create table portal.gadgets (customer_id text);\n" + down
	for _, c := range []struct{ name, text, want string }{
		{"003_create_gadgets.sql", gadgets, ""},
		{"003_create_gadgets.sql", "-- create table elsewhere\ncreate temporary table kept as select 1;\n" + gadgets, ""},
		{"004_create_gadgets.sql", gadgets, "migration 004_create_gadgets.sql leaves a gap: begin its name with 003"},
		{"002_create_gadgets.sql", gadgets, "migration 002_second.sql has the number of 002_create_gadgets.sql: give the newer one the next, 003"},
		{"create_gadgets.sql", gadgets, "migration create_gadgets.sql is not named NNN_verb_noun.sql, so nobody knows when it runs: call it so, such as 003_create_gadgets.sql"},
		{"3_create_gadgets.sql", gadgets, "migration 3_create_gadgets.sql is not named NNN_verb_noun.sql, so nobody knows when it runs: call it so, such as 003_create_gadgets.sql"},
		{
			"003_create_gadgets.sql", "create table portal.gadgets (customer_id text);",
			`migration 003_create_gadgets.sql has no line "---- create above / drop below ----": write it, and below it what takes the migration back`,
		},
		{
			"003_create_gadgets.sql", "create table portal.gadgets (customer_id text);\n" + marker + "\n-- later\n",
			`migration 003_create_gadgets.sql cannot be taken back: write below its line "---- create above / drop below ----" what drops what it creates`,
		},
		{
			"003_create_gadgets.sql", "Create Table If Not Exists gadgets (customer_id text);" + down,
			"migration 003_create_gadgets.sql creates table gadgets outside of our schemas: write portal.gadgets, where rows belong to customers (platform is what comes before a customer is known)",
		},
		{
			"003_create_gadgets.sql", "create unlogged table public.gadgets (customer_id text);" + down,
			"migration 003_create_gadgets.sql creates table public.gadgets outside of our schemas: write portal.gadgets, where rows belong to customers (platform is what comes before a customer is known)",
		},
	} {
		files := fstest.MapFS{
			"001_first.sql":  {Data: []byte(gadgets)},
			"002_second.sql": {Data: []byte(gadgets)},
			c.name:           {Data: []byte(c.text)},
		}
		n, err := Newest(files)
		switch {
		case c.want == "" && (err != nil || n != 3):
			t.Errorf("%s: %d, %v", c.name, n, err)
		case c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%s:\nhave %v\nwant %s", c.name, err, c.want)
		case err != nil && strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: more than one sentence: %v", c.name, err)
		}
	}
}
