// Package exports hands a company all that it has, as one file, once: an Admin asks for it, a job makes it, and who downloads it
// uses it up. What is in the file is package moving's. The tables are portal.customer_exports, where the latest of a company
// stands, and portal.customer_export_parts, its file.
package exports

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/jobs"
)

// A Teller tells people that their export is ready, in the transaction that makes it so.
type Teller interface {
	ExportReady(ctx context.Context, tx db.Tx, email, page string, until time.Time) error
}

// A Config is what the package is made of.
type Config struct {
	Tell      Teller
	PublicURL string // scheme and host at which people reach the portal; may be empty
	Dir       string // where files are while they are made; empty: the system's directory for such
}

// Service makes exports, one at a time: each takes a connection, a processor and room in the directory.
type Service struct {
	Config
	making sync.Mutex
}

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Dir == "" {
		cfg.Dir = os.TempDir()
	}
	return &Service{Config: cfg}
}

// Work lets the jobs do what is theirs.
func (s *Service) Work(w *jobs.Workers) { w.HandleWithin(makeTime, jobs.ExportCustomer, s.run) }

// Path is where a file is downloaded, as Echo writes it.
const Path = "/api/my-customer/export/:export_id/file"

// Routes registers the operations of this package. An operator who acts inside a company sees how its export is and no more: the
// file would outlast his stay.
func Routes(api endpoint.API) {
	admin := endpoint.Only(auth.Admin)
	endpoint.Post(api, "/api/my-customer/export", "exportMyCustomer", "Ask for all data of the own company as one file", ask, admin.Own(),
		endpoint.Audited("export.requested"), endpoint.Accepted, endpoint.Describe("A job makes it; GET tells how it is, and who asked gets a mail. "+
			"One is there at a time: while it is made, or is ready and not downloaded yet, it is the answer, and nothing new is begun."))
	endpoint.Get(api, "/api/my-customer/export", "getMyCustomerExport", "The latest export of the own company, or null", latest, admin)
	endpoint.Download(api, "/api/my-customer/export/{export_id}/file", "downloadMyCustomerExport", "Download an export, once", "application/zstd", download, admin.Own(),
		endpoint.Describe("A tar of JSON lines, a file for each table, and manifest.json, compressed by zstd. Keys of other services and hashes of passwords are not in it. "+
			"It works once: the file is deleted as its last piece leaves. A download that breaks off before can be begun again, at once or, where the server died, after two minutes. "+
			"While one is under way another is refused with 409."))
	endpoint.Delete(api, "/api/my-customer/export/{export_id}", "discardMyCustomerExport", "Discard an export, whatever its state", discard, admin.Own(), endpoint.Audited("export.discarded"))
}

// A CompanyExport is how an export is.
type CompanyExport struct {
	ID              int64       `json:"id" db:"id"`
	State           string      `json:"state" db:"state" enum:"waiting,running,ready,downloaded,expired,failed"`
	RequestedAt     field.Time  `json:"requested_at" db:"requested_at"`
	RequestedBy     *int64      `json:"requested_by" db:"requested_by" nullable:"true" doc:"The user who asked; null where he is gone."`
	RequestedByName *string     `json:"requested_by_name" db:"requested_by_name" nullable:"true"`
	FinishedAt      *field.Time `json:"finished_at" db:"finished_at" nullable:"true" doc:"When the file was there."`
	ExpiresAt       *field.Time `json:"expires_at" db:"expires_at" nullable:"true" doc:"Until when it can be downloaded."`
	DownloadedAt    *field.Time `json:"downloaded_at" db:"downloaded_at" nullable:"true"`
	Bytes           *int64      `json:"bytes" db:"bytes" nullable:"true" doc:"Size of the file."`
	Rows            *int64      `json:"rows" db:"rows" nullable:"true" doc:"Rows of all tables."`
	Link            *string     `json:"link" db:"link" nullable:"true" doc:"Where the file is while it is ready. It opens for an Admin of the company who is logged in, and once." example:"/api/my-customer/export/7/file"`
	ErrorCode       *jobs.Code  `json:"error_code" db:"error" nullable:"true" doc:"Why it failed." example:"not-allowed"`
	ErrorReason     *string     `json:"error" db:"-" nullable:"true" doc:"The same in words."`
}

// present are the exports with the state that each is in at @now. One that no job works any more has failed.
const present = `(
  select e.customer_id, e.id, case
      when e.state in ('waiting', 'running') and not exists (
        select from tenancy.jobs() j where j.kind = 'export_customer' and j.state in ('available', 'pending', 'scheduled', 'retryable', 'running')) then 'failed'
      when e.state = 'ready' and e.expires_at <= @now then 'expired'
      else e.state
    end as state
  from customer_exports e)`

const latestSQL = `
select e.id, p.state, e.requested_at, e.requested_by, u.name as requested_by_name, e.finished_at, e.expires_at, e.downloaded_at, e.bytes, e.rows,
  case when p.state = 'ready' then format('/api/my-customer/export/%s/file', e.id) end as link,
  case when p.state = 'failed' then (
    select j.error from tenancy.jobs() j where j.kind = 'export_customer' order by j.id desc limit 1) end as error
from customer_exports e
join ` + present + ` p on (p.customer_id, p.id) = (e.customer_id, e.id)
left join users u on (u.customer_id, u.id) = (e.customer_id, e.requested_by)`

func latest(ctx context.Context, tx db.Tx, _ *endpoint.None) (*CompanyExport, error) {
	e, err := db.One[CompanyExport](ctx, tx, latestSQL, db.Args{"now": endpoint.Now(ctx)})
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil //nolint:nilnil // none: the answer is null
	}
	if err != nil {
		return nil, err
	}
	if e.ErrorCode != nil {
		code := jobs.CodeOf(string(*e.ErrorCode))
		e.ErrorCode, e.ErrorReason = &code, new(code.Sentence())
	}
	return &e, nil
}

// AskedExport is an export that was asked for.
type AskedExport struct {
	ID    int64  `json:"id" db:"id"`
	State string `json:"state" db:"state" enum:"waiting,running,ready"`
}

// What is over goes, and its file with it.
const dropOverSQL = `
delete from customer_exports d
using ` + present + ` p
where (p.customer_id, p.id) = (d.customer_id, d.id)
  and p.state in ('downloaded', 'expired', 'failed')`

// Who asks at the same time waits here for the other.
const askSQL = `
insert into customer_exports (requested_by, requested_at)
values ((select tenancy.user_id()), @now)
on conflict (customer_id) do nothing
returning id, state`

const askedSQL = `select e.id, e.state from customer_exports e`

func ask(ctx context.Context, tx db.Tx, _ *endpoint.None) (AskedExport, error) {
	now := db.Args{"now": endpoint.Now(ctx)}
	if _, err := db.Exec(ctx, tx, dropOverSQL, now); err != nil {
		return AskedExport{}, err
	}
	e, err := db.One[AskedExport](ctx, tx, askSQL, now)
	switch {
	case err == nil:
		err = jobs.Enqueue(ctx, tx, jobs.ExportCustomer, jobs.Options{ID: e.ID})
	case errors.Is(err, db.ErrNotFound):
		e, err = db.One[AskedExport](ctx, tx, askedSQL)
	}
	endpoint.Note(ctx, "export", e.ID, nil)
	return e, err
}

// exportRef names an export in a path.
type exportRef struct {
	ExportID int64 `path:"export_id" db:"id" ref:"customer_exports" minimum:"1" doc:"The export."`
}

const discardSQL = `delete from customer_exports e where e.id = @id`

// discard ends a download that is under way too: its next piece is not there any more.
func discard(ctx context.Context, tx db.Tx, in *exportRef) (endpoint.Message, error) {
	return endpoint.Message{Message: "The export was discarded"}, endpoint.Missing(db.Touch(ctx, tx, discardSQL, db.Struct(in)), "export")
}
