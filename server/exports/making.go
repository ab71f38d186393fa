package exports

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"contractor-portal/db"
	"contractor-portal/moving"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

const (
	// makeTime is for some million rows on a slow machine.
	makeTime = 10 * time.Minute
	// pause is between two looks whether another export has been made.
	pause = 2 * time.Second
	// kept is for how long a file can be downloaded.
	kept = 24 * time.Hour
	// partSize is that of all parts of a file but the last.
	partSize = 1 << 20

	dirs = "portal-export-"
)

const beginSQL = `update customer_exports e set state = 'running' where e.id = @id and e.state in ('waiting', 'running')`

// run makes an export from its beginning, whatever an earlier attempt has come to: nothing of that can be seen. One that was
// discarded meanwhile is no failure.
func (s *Service) run(ctx context.Context, j *jobs.Job) error {
	if endpoint.Caller(ctx).Role() != auth.Admin {
		return jobs.GiveUp(jobs.NotAllowed, errors.New("who asked for an export is no Admin any more"))
	}
	if !s.making.TryLock() {
		return jobs.Later(pause)
	}
	defer s.making.Unlock()
	begun := time.Now()
	err := j.Do(ctx, func(ctx context.Context, tx db.Tx) error {
		return db.Touch(ctx, tx, beginSQL, db.Args{"id": j.ID})
	})
	if err == nil {
		err = s.make(ctx, j, begun)
	}
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	return err
}

// make writes what one picture of the company shows into a directory, and that into the parts.
func (s *Service) make(ctx context.Context, j *jobs.Job, begun time.Time) (err error) {
	if err := s.sweep(begun); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.Dir, dirs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var rows int64
	err = j.Snapshot(ctx, func(ctx context.Context, tx db.Tx) error {
		m, err := moving.Export(ctx, tx, dir, moving.ExportOptions{})
		rows = m.Rows()
		return err
	})
	if err != nil {
		return err
	}
	return j.Do(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.keep(ctx, tx, j.ID, dir, rows, endpoint.Now(ctx).Add(time.Since(begun)))
	})
}

// sweep removes what processes have left behind that were killed: directories in which nothing has been made for longer than
// any job runs.
func (s *Service) sweep(now time.Time) error {
	left, err := filepath.Glob(filepath.Join(s.Dir, dirs+"*"))
	for _, dir := range left {
		if about, statErr := os.Stat(dir); statErr == nil && now.Sub(about.ModTime()) > 2*makeTime {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}
	return err
}

// It stays locked until its parts are there: of two jobs for one export the second finds it made.
const lockSQL = `select e.id from customer_exports e where e.id = @id and e.state = 'running' for update`

const readySQL = `
update customer_exports e
set state = 'ready', finished_at = @finished, expires_at = @expires, bytes = @bytes, rows = @rows, parts = @parts
where e.id = @id`

const askerSQL = `select u.email from users u where u.id = (select tenancy.user_id())`

// keep packs a directory into the parts of an export, which is ready then.
func (s *Service) keep(ctx context.Context, tx db.Tx, id int64, dir string, rows int64, finished time.Time) error {
	if _, err := db.Value[int64](ctx, tx, lockSQL, db.Args{"id": id}); err != nil {
		return err
	}
	w := &parts{ctx: ctx, tx: tx, export: id, piece: make([]byte, 0, partSize)}
	if err := errors.Join(moving.Pack(dir, w), w.flush()); err != nil {
		return err
	}
	expires := finished.Add(kept)
	err := db.Touch(ctx, tx, readySQL, db.Args{"id": id, "finished": finished, "expires": expires, "bytes": w.bytes, "rows": rows, "parts": w.n})
	if err != nil {
		return err
	}
	if err := record(ctx, tx, "export.made", id, map[string]any{"bytes": w.bytes, "rows": rows}); err != nil {
		return err
	}
	email, err := db.Value[string](ctx, tx, askerSQL)
	if err != nil {
		return err
	}
	page := ""
	if s.PublicURL != "" {
		page = s.PublicURL + "/#/company"
	}
	return s.Tell.ExportReady(ctx, tx, email, page, expires)
}

// parts writes a file into the parts of an export.
type parts struct {
	ctx    context.Context //nolint:containedctx // of the one call that it is made in
	tx     db.Tx
	export int64
	piece  []byte
	n      int
	bytes  int64
}

func (w *parts) Write(text []byte) (written int, err error) {
	for len(text) > 0 {
		n := min(len(text), partSize-len(w.piece))
		w.piece, text = append(w.piece, text[:n]...), text[n:]
		if written += n; len(w.piece) == partSize {
			if err := w.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

const addPartSQL = `insert into customer_export_parts (export_id, part, content) values (@export, @part, @content)`

func (w *parts) flush() error {
	if len(w.piece) == 0 {
		return nil
	}
	_, err := db.Exec(w.ctx, w.tx, addPartSQL, db.Args{"export": w.export, "part": w.n, "content": w.piece})
	w.n, w.bytes, w.piece = w.n+1, w.bytes+int64(len(w.piece)), w.piece[:0]
	return err
}

var _ io.Writer = (*parts)(nil)

// record writes of an export what the audit log says of it.
func record(ctx context.Context, tx db.Tx, action string, id int64, detail map[string]any) error {
	return auth.Record(ctx, tx, auth.Deed{Action: action, ObjectType: "export", ObjectID: itoa(id), Detail: detail})
}
