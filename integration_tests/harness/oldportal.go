package harness

import (
	"embed"
	"fmt"
	"strings"
	"testing"
)

// Generations of the old portal's database.
const (
	GenerationA   = "a"
	GenerationB   = "b"
	Version06     = "v06"
	OldPassword   = "snow before seven"    // of ada@old.example
	OtherOldOne   = "other person's words" // of manny@old.example and zoe@second.example
	OldPortalDoor = "maker@old.example"    // the back door
)

//go:embed testdata/oldportal
var oldPortals embed.FS

// NewOldPortal makes a database of the old portal's, with all that is odd in such ones.
func NewOldPortal(t testing.TB, generation string) MariaDB {
	t.Helper()
	m := NewMariaDB(t)
	files := []string{generation}
	if generation == Version06 {
		files = []string{GenerationB, Version06}
	}
	for _, f := range files {
		text, err := oldPortals.ReadFile("testdata/oldportal/" + f + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range strings.Split(withoutComments(string(text)), ";\n") {
			if strings.TrimSpace(statement) != "" {
				m.Run(t, statement)
			}
		}
	}
	return m
}

func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// ManyLogs adds winter logs from an id on, at the properties and by the people that are there: work of two hours and some
// minutes, one each minute of past winters.
func (m MariaDB) ManyLogs(t testing.TB, from, n int) {
	t.Helper()
	m.Run(t, fmt.Sprintf(`
insert into winter_ops_logs (id, property_id, contractor_id, contractor_name, worker_name, equipment, user_id, time_in, time_out, status, bulk_salt_qty, bag_salt_qty, calcium_chloride_qty, customer_provided, notes)
select seq, 1 + seq %% 5, 5, 'Cora Contractor', concat('Worker ', seq %% 40), 'Plow Truck', 3,
  '2020-12-01' + interval seq minute, '2020-12-01' + interval seq + 120 + seq %% 50 minute, 'closed', seq %% 7 / 4, seq %% 3, if(seq %% 11, 0, null), 0,
  if(seq %% 10, null, 'plowed twice')
from seq_%d_to_%d`, from, from+n-1))
}
