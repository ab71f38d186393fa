package harness

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

var dbaPasswords sync.Once

// AsDBA is connectAs for the roles that nobody gives a password but a DBA, too.
func AsDBA(t *testing.T, role, database string) *pgx.Conn {
	t.Helper()
	GivePasswords(t)
	return ConnectAs(t, role, database)
}

func GivePasswords(t *testing.T) {
	t.Helper()
	dbaPasswords.Do(func() {
		err := Execute(t.Context(), Suite.Cluster.URL("", "postgres"),
			"alter role portal_inspector password '"+RolePassword+"'", "alter role portal_auditor password '"+RolePassword+"'")
		if err != nil {
			t.Error(err)
		}
	})
}
