package isolation

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// TestAttack_OnStandby attacks where nothing can be written: the walls hold there, people enter there, and no
// statement does more than on the primary.
func TestAttack_OnStandby(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	s := besiege(t, database)
	primary := s.second
	standby := harness.Suite.Cluster.NewStandby(t)
	harness.WaitFor(t, "the standby", func() bool {
		conn, err := pgx.Connect(t.Context(), standby.URL("", database))
		if err == nil {
			_ = conn.Close(t.Context())
		}
		return err == nil
	})
	s.route = "standby"
	s.dial = func(role string, params map[string]string) *pgx.Conn {
		return s.connect(standby.URL(role, database), params)
	}
	s.app, s.second = s.dial("portal_app", nil), s.dial("portal_app", nil)
	t.Run("standby", func(t *testing.T) {
		t.Parallel()
		campaign{vectors: append(onlyReads(), writesOnStandby(primary))}.wage(t, s)
	})
}

// onlyReads are the vectors that need no write of anybody, not even to be prepared.
func onlyReads() (all []vector) {
	// 36: the owner, whose connection is the primary's; 60: what is heard is written first; 135: jobs are claimed there.
	needPrimary := []int{17, 36, 60, 63, 78, 83, 95, 96, 135}
	for _, v := range slices.Concat(contextVectors(), wallVectors(), functionVectors(), roleVectors()) {
		if slices.Contains(needPrimary, v.number) || strings.HasPrefix(v.name, "serializable") { // which no standby is
			continue
		}
		v.shots = slices.DeleteFunc(slices.Clone(v.shots), func(s shot) bool {
			return !slices.Contains([]string{"select", "explain", "fetch", "call"}, s.command) && v.number != 14
		})
		if len(v.shots) > 0 {
			all = append(all, v)
		}
	}
	return all
}

// writesOnStandby are refused whoever asks; the control is the primary.
func writesOnStandby(primary *pgx.Conn) vector {
	refused := func(command string, on func(harness.Table) bool, sql func(harness.Table) string) shot {
		return shot{command, on, func(a attempt, of harness.Table) {
			var args []any
			if command == "insert" {
				args = []any{a.siege.row(of, harness.CompanyB)}
			}
			a.refusal("25006", sql(of), args...)
			a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(*) from "+of.Name)
		}}
	}
	return vector{
		number: 68, name: "writes on a standby", stage: func(s *siege, attack func(tx, inside beginner) error) error {
			return s.inside(primary, func(inside pgx.Tx) error {
				return insideA(s, func(tx, _ beginner) error { return attack(tx, inside) })
			})
		},
		shots: []shot{
			refused("insert", canInsert, func(of harness.Table) string { return harness.InsertSQL(of, ownColumns(of), "") }),
			refused("update", canUpdate, updateSQL),
			refused("delete", canDelete, func(of harness.Table) string { return "delete from " + of.Name }),
		},
	}
}
