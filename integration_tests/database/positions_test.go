package database

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// positionsSQL finds the pairs of columns that say where something is.
const positionsSQL = `
select format('%I.%I', n.nspname, c.relname) as name, lat.attname as lat, lon.attname as lon
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute lat on lat.attrelid = c.oid and lat.attname ~ '(^|_)lat(itude)?$'
join pg_attribute lon on lon.attrelid = c.oid and lon.attname ~ '(^|_)lon(gitude)?$'
where n.nspname in ('portal', 'platform') and c.relkind = 'r'
order by 1`

// 0, 0 is no position, in whatever table.
func TestPositions_0_0IsNone(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Populate()
	rows, _ := p.Super.Query(t.Context(), positionsSQL)
	pairs, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct{ Name, Lat, Lon string }])
	if err != nil || len(pairs) < 3 {
		t.Fatalf("%v %v", pairs, err)
	}
	for _, at := range pairs {
		set := func(lat, lon int) error {
			_, err := p.Super.Exec(t.Context(), fmt.Sprintf("update %s set %s = %d, %s = %d", at.Name, at.Lat, lat, at.Lon, lon))
			return err
		}
		if state := harness.SQLState(set(0, 0)); state != "23514" {
			t.Errorf("%s takes 0, 0 (%q): add the check position_0_0_is_none", at.Name, state)
		}
		if err := set(0, 1); err != nil {
			t.Errorf("%s: %v", at.Name, err)
		}
	}
}
