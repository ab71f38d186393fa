package exports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

const (
	// MaxTime is how long a download may take: a gigabyte at two megabits a second.
	MaxTime = 70 * time.Minute
	// held is for how long a download that makes no progress keeps others out.
	held = 2 * time.Minute
)

// A taken export is one whose file a download holds.
type taken struct {
	ID       int64     `db:"id"`
	By       string    `db:"by"`
	Bytes    int64     `db:"bytes"`
	Parts    int       `db:"parts"`
	Customer string    `db:"customer_id"`
	Finished time.Time `db:"finished_at"`
}

const takeSQL = `
update customer_exports e
set taken_by = gen_random_uuid(), taken_until = clock_timestamp() + make_interval(secs => @seconds)
where e.id = @id
  and e.state = 'ready'
  and e.expires_at > @now
  and (e.taken_until is null or e.taken_until <= clock_timestamp())
returning e.id, e.taken_by::text as by, e.bytes, e.parts, e.customer_id, e.finished_at`

// download begins to send a file. From then on until its end nobody else gets a piece of it.
func download(ctx context.Context, work endpoint.Work, in *exportRef) (*endpoint.Stream, error) {
	var t taken
	var day time.Time
	err := work.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		t, err = db.One[taken](ctx, tx, takeSQL, db.Args{"id": in.ExportID, "now": endpoint.Now(ctx), "seconds": held.Seconds()})
		if errors.Is(err, db.ErrNotFound) {
			return refusal(ctx, tx, in.ExportID)
		}
		if err != nil {
			return err
		}
		zone, err := tx.Zone(ctx)
		if err != nil {
			return err
		}
		day = t.Finished.In(zone)
		return record(ctx, tx, "export.download_begun", t.ID, nil)
	})
	if err != nil {
		return nil, err
	}
	return &endpoint.Stream{
		Name: fmt.Sprintf("%s-%s.tar.zst", t.Customer, day.Format(time.DateOnly)), Type: "application/zstd", Size: t.Bytes,
		Send: func(w io.Writer) error { return t.send(ctx, work, w) },
	}, nil
}

const refusedSQL = `select p.state from ` + present + ` p where p.id = @id`

// refusal says why a file cannot be downloaded.
func refusal(ctx context.Context, tx db.Tx, id int64) error {
	state, err := db.Value[string](ctx, tx, refusedSQL, db.Args{"id": id, "now": endpoint.Now(ctx)})
	if err != nil {
		return endpoint.Missing(err, "export")
	}
	switch state {
	case "ready":
		return endpoint.Conflict("the export is being downloaded; a download that broke off can be begun again within two minutes").After(held)
	case "downloaded":
		return endpoint.Conflict("the export was downloaded, and its link works once; ask for another")
	case "expired":
		return endpoint.Conflict("the export was kept for a day and is deleted; ask for another")
	case "failed":
		return endpoint.Conflict("the export has failed; ask for another")
	}
	return endpoint.Conflict("the export is not made yet; look again in a while")
}

// send sends the parts, each read in a unit of work of its own: a session that ends ends the download. Before the last one leaves
// the export is used up, so that nobody ever gets all of it twice. One that broke off before is given back.
func (t taken) send(ctx context.Context, work endpoint.Work, w io.Writer) error {
	for part := range t.Parts {
		var piece []byte
		err := work.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			if piece, err = t.piece(ctx, tx, part); err != nil || part < t.Parts-1 {
				return err
			}
			return t.end(ctx, tx)
		})
		if err == nil {
			_, err = w.Write(piece)
		}
		if err != nil {
			return errors.Join(err, t.giveBack(ctx, work))
		}
	}
	return nil
}

// The hold is renewed by each piece. Who has lost it gets no more.
const pieceSQL = `
with held as (
  update customer_exports e
  set taken_until = clock_timestamp() + make_interval(secs => @seconds)
  where e.id = @id
    and e.taken_by = @by::uuid
    and e.state = 'ready'
  returning e.customer_id, e.id
)
select p.content
from held h
join customer_export_parts p on (p.customer_id, p.export_id) = (h.customer_id, h.id)
where p.part = @part`

func (t taken) piece(ctx context.Context, tx db.Tx, part int) ([]byte, error) {
	return db.Value[[]byte](ctx, tx, pieceSQL, db.Args{"id": t.ID, "by": t.By, "part": part, "seconds": held.Seconds()})
}

const endSQL = `
with ended as (
  update customer_exports e
  set state = 'downloaded', downloaded_at = @now
  where e.id = @id
  returning e.customer_id, e.id
)
delete from customer_export_parts p
using ended e
where (p.customer_id, p.export_id) = (e.customer_id, e.id)`

func (t taken) end(ctx context.Context, tx db.Tx) error {
	if err := db.Touch(ctx, tx, endSQL, db.Args{"id": t.ID, "now": endpoint.Now(ctx)}); err != nil {
		return err
	}
	return record(ctx, tx, "export.downloaded", t.ID, map[string]any{"bytes": t.Bytes})
}

const giveBackSQL = `update customer_exports e set taken_by = null, taken_until = null where e.id = @id and e.taken_by = @by::uuid and e.state = 'ready'`

// giveBack lets a download that has broken off be begun again at once. Its caller may be gone.
func (t taken) giveBack(ctx context.Context, work endpoint.Work) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return work.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := db.Exec(ctx, tx, giveBackSQL, db.Args{"id": t.ID, "by": t.By})
		return err
	})
}

func itoa(id int64) string { return strconv.FormatInt(id, 10) }
