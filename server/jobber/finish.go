package jobber

import (
	"context"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

// atOnce is how many properties are added to the portal in one transaction.
const atOnce = 50

type wanted struct {
	ID      int64  `db:"id"`
	Name    string `db:"name"`
	Address string `db:"address"`
}

// wantedSQL are those that this sync has met and that are to become properties of the portal.
const wantedSQL = `
select m.id, m.jobber_property_address as address, coalesce(c.jobber_client_name, m.jobber_property_address) as name
from jobber_property_mapping m
left join jobber_client_mapping c on (c.customer_id, c.jobber_client_id) = (m.customer_id, m.jobber_client_id)
where m.auto_create_property
  and m.sync_enabled
  and m.property_id is null
  and m.last_synced_at >= @since
  and char_length(m.jobber_property_address) between 1 and 255
order by m.id
limit @limit`

const assignAllSQL = `
update jobber_property_mapping m
set property_id = u.property
from unnest(@ids::bigint[], @properties::bigint[]) as u (id, property)
where m.id = u.id`

const addedSQL = `update jobber_sync_logs set items_created = items_created + @added where id = @id and status = 'started'`

const completeSQL = `
update jobber_sync_logs
set status = 'completed', completed_at = @now, items_skipped = items_skipped + @left, error_message = nullif(@note, '')
where id = @id
  and status = 'started'`

// finish adds the properties that are to be added, as many as the plan allows, and completes the sync.
func (s *Service) finish(ctx context.Context, j *jobs.Job, l state) error {
	note := ""
	for size := atOnce; l.Type != "clients"; {
		n, err := s.addSome(ctx, j, l.StartedAt, size)
		switch {
		case errors.Is(err, db.ErrLimit) && size > 1:
			size = 1 // until there is no room for one
			continue
		case errors.Is(err, db.ErrLimit):
			note = "the plan allows no more properties; those that are left are added by the first sync after it allows more"
		case err != nil:
			return err
		}
		if n == 0 {
			break
		}
	}
	return j.Do(ctx, func(ctx context.Context, tx db.Tx) error {
		left := 0
		if note != "" {
			rest, err := db.All[wanted](ctx, tx, wantedSQL, db.Args{"since": l.StartedAt, "limit": 1_000_000})
			if err != nil {
				return err
			}
			left = len(rest)
		}
		_, err := db.Exec(ctx, tx, completeSQL, db.Args{"id": j.ID, "now": endpoint.Now(ctx), "left": left, "note": note})
		return err
	})
}

// addSome makes properties of the portal of some of those that are to become one, and answers of how many.
func (s *Service) addSome(ctx context.Context, j *jobs.Job, since time.Time, size int) (n int, err error) {
	err = j.Do(ctx, func(ctx context.Context, tx db.Tx) error {
		n = 0
		some, err := db.All[wanted](ctx, tx, wantedSQL, db.Args{"since": since, "limit": size})
		if err != nil || len(some) == 0 {
			return err
		}
		var ids []int64
		var names, addresses []string
		for _, w := range some {
			ids, names, addresses = append(ids, w.ID), append(names, w.Name), append(addresses, w.Address)
		}
		properties, added, err := s.properties.Ensure(ctx, tx, names, addresses)
		if err != nil {
			return err
		}
		n = len(some)
		if _, err := db.Exec(ctx, tx, assignAllSQL, db.Args{"ids": ids, "properties": properties}); err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, addedSQL, db.Args{"id": j.ID, "added": added})
		return err
	})
	return n, err
}
