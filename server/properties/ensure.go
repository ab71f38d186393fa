package properties

import (
	"context"

	"contractor-portal/db"
)

type ensured struct {
	ID    int64 `db:"id"`
	Added bool  `db:"added"`
}

// What is added is not seen by the same statement.
const ensureSQL = `
with wanted as (
  select u.name, u.address, u.n, lower(u.address collate "und-x-icu") as key
  from unnest(@names::text[], @addresses::text[]) with ordinality as u (name, address, n)
), added as (
  insert into locations (name, address)
  select w.name, w.address from wanted w order by w.n
  on conflict (customer_id, address_key) do nothing
  returning id, address_key
)
select coalesce(a.id, p.id) as id, a.id is not null as added
from wanted w
left join added a on a.address_key = w.key
left join locations p on p.address_key = w.key
order by w.n`

// Keeper keeps properties for other features.
type Keeper struct{}

// Ensure returns the properties at some addresses, in their order: of each the one that has it, or a new one by the name
// beside it. Names and addresses are tidy (field.Tidy) and have 1 to 255 characters. added counts the new ones. Where
// the company may not have as many, none is added, and the error is db.ErrLimit.
func (Keeper) Ensure(ctx context.Context, tx db.Tx, names, addresses []string) (ids []int64, added int, err error) {
	rows, err := db.All[ensured](ctx, tx, ensureSQL, db.Args{"names": names, "addresses": addresses})
	isNew := map[int64]bool{}
	for _, r := range rows {
		ids = append(ids, r.ID)
		if r.Added {
			isNew[r.ID] = true
		}
	}
	return ids, len(isNew), err
}
