package install

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// Newest is the number of the last migration.
func Newest(migrations fs.FS) (int32, error) {
	names, err := fs.Glob(migrations, "*.sql")
	return int32(len(names)), cmp.Or(err, check(migrations, names)) //nolint:gosec // a count of files
}

var (
	migrationName = regexp.MustCompile(`^[0-9]{3}_[a-z0-9]+(_[a-z0-9]+)*\.sql$`)
	comment       = regexp.MustCompile(`(?m)^\s*--.*$`)
	createTable   = regexp.MustCompile(`(?i)\bcreate (?:unlogged )?table (?:if not exists )?((?:[a-z0-9_"]+\.)?[a-z0-9_"]+)`)
	ourTable      = regexp.MustCompile(`^"?(portal|platform)"?\.`)
)

const marker = "---- create above / drop below ----"

// check says of each migration what is wrong with it before any is run, in a sentence that names the file.
func check(migrations fs.FS, names []string) error {
	var faults []error
	fault := func(name, format string, args ...any) {
		faults = append(faults, fmt.Errorf("migration "+name+" "+format, args...))
	}
	for i, name := range names {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		up, down, marked := strings.Cut(string(text), marker)
		switch {
		case !migrationName.MatchString(name):
			fault(name, "is not named NNN_verb_noun.sql, so nobody knows when it runs: call it so, such as %03d_create_gadgets.sql", len(names))
		case i > 0 && len(faults) == 0 && name[:4] == names[i-1][:4]:
			fault(name, "has the number of %s: give the newer one the next, %03d", names[i-1], len(names))
		case len(faults) == 0 && name[:3] != fmt.Sprintf("%03d", i+1):
			fault(name, "leaves a gap: begin its name with %03d", i+1)
		case !marked:
			fault(name, "has no line %q: write it, and below it what takes the migration back", marker)
		case strings.TrimSpace(comment.ReplaceAllString(down, "")) == "":
			fault(name, "cannot be taken back: write below its line %q what drops what it creates", marker)
		}
		for _, table := range createTable.FindAllStringSubmatch(comment.ReplaceAllString(up, ""), -1) {
			if !ourTable.MatchString(table[1]) {
				fault(name, "creates table %s outside of our schemas: write portal.%s, where rows belong to customers (platform is what comes before a customer is known)",
					table[1], table[1][strings.LastIndex(table[1], ".")+1:])
			}
		}
	}
	return errors.Join(faults...)
}

// remedies are added to errors of PostgreSQL that do not say what to write instead.
var remedies = map[string]string{
	"42830": "; a table of customers is referred to by its whole key: foreign key (customer_id, x_id) references portal.x (customer_id, id)",
	"2BP01": "; a migration drops first the view that shows what it takes away: policies/after makes the view anew",
}
