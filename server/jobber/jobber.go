// Package jobber reads a company's clients and their properties from Jobber, and keeps which of them are which properties
// of the portal. Nothing is written there. The tables are portal.jobber_auth (the connection, by package connect),
// portal.jobber_client_mapping, portal.jobber_property_mapping and portal.jobber_sync_logs.
package jobber

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/connect"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/jobs"
)

const (
	name       = "Jobber"
	defaultURL = "https://api.getjobber.com/api"
)

// Properties are the portal's.
type Properties interface {
	// Ensure returns the properties at some addresses: of each the one that has it, or a new one by the name beside it.
	// Where the company may not have as many, none is added, and the error is db.ErrLimit.
	Ensure(ctx context.Context, tx db.Tx, names, addresses []string) (ids []int64, added int, err error)
}

// A Config is what the package is made of.
type Config struct {
	Connect    connect.Config
	Properties Properties
	URL        string // of the provider; empty: the usual one
}

// Service is what companies have of Jobber.
type Service struct {
	*connect.Connection
	api        api
	properties Properties
}

var office = endpoint.Only(auth.Admin, auth.Manager)

// callTime is how long the provider may take for an answer.
const callTime = 15 * time.Second

// New returns a Service.
func New(cfg Config) *Service {
	url := cmp.Or(cfg.URL, defaultURL)
	s := &Service{properties: cfg.Properties, api: api{cfg.Connect.Calls.Provider(name, callTime), url + "/graphql"}}
	s.api.Header = http.Header{"X-Jobber-Graphql-Version": {version}}
	s.Connection = connect.New(cfg.Connect, connect.Provider{
		Purpose: "jobber", Name: name, Table: "jobber_auth", Roles: office, Early: 5 * time.Minute, Page: "/#/jobber",
		AuthURL: url + "/oauth/authorize", TokenURL: url + "/oauth/token", SecretInForm: true,
		Scopes:  []string{"read_clients", "read_properties", "read_jobs", "read_invoices"},
		Account: s.account, Revoke: s.revoke,
	}, store{})
	return s
}

// Work lets the jobs do what is theirs.
func (s *Service) Work(w *jobs.Workers) { w.Handle(jobs.SyncJobber, s.sync) }

// Routes registers the operations of this package.
func Routes(api endpoint.API, s *Service) {
	s.Routes(api)
	endpoint.Get(api, "/jobber/status", "getJobberStatus", "Whether the company is connected with Jobber, and what is known from there", s.status, office.Own())
	endpoint.Consult(api, http.MethodPost, "/jobber/sync", "syncJobber", "Read the clients and properties from Jobber", s.begin, office.Own(), endpoint.Keyed,
		endpoint.Describe("It is done by a job. The answer waits two seconds for its end, and has the numbers so far; sync_log_id names the line of "+
			"/jobber/sync-logs that has the others. What fails within that time is answered as an error. One runs at a time: else 409."))
	endpoint.Get(api, "/jobber/properties", "listJobberProperties", "The properties that were read from Jobber, by address", s.list, office)
	endpoint.Put(api, "/jobber/properties/{jobber_property_id}/map", "mapJobberProperty", "Say which property of the portal one at Jobber is", s.assign, office)
	endpoint.Get(api, "/jobber/sync-logs", "listJobberSyncs", "The syncs with Jobber, newest first", s.logs, office)
}

// JobberStatus is what a company has of Jobber.
type JobberStatus struct {
	Connected        bool        `json:"connected" db:"connected"`
	Problem          *string     `json:"problem" db:"-" nullable:"true" doc:"What is wrong with a connection, and what to do." example:"Jobber takes this connection no more: connect again"`
	AccountName      *string     `json:"account_name" db:"account_name" nullable:"true" doc:"The company at Jobber."`
	TokenExpiresAt   *field.Time `json:"token_expires_at" db:"token_expires_at" nullable:"true" doc:"It is renewed by itself."`
	LastSync         *LastSync   `json:"last_sync,omitempty" db:"-" doc:"Absent before the first one."`
	TotalClients     int64       `json:"total_clients" db:"total_clients"`
	TotalProperties  int64       `json:"total_properties" db:"total_properties"`
	MappedProperties int64       `json:"mapped_properties" db:"mapped_properties"`
	Broken           bool        `json:"-" db:"broken"`
}

// LastSync is the latest sync.
type LastSync struct {
	Type        string      `json:"type" db:"sync_type" enum:"full,clients,properties"`
	Status      string      `json:"status" db:"status" enum:"started,completed,failed"`
	CompletedAt *field.Time `json:"completed_at" db:"completed_at" nullable:"true"`
	Created     int         `json:"created" db:"items_created"`
	Updated     int         `json:"updated" db:"items_updated"`
}

const statusSQL = `
select a.id is not null and a.broken_at is null as connected, a.broken_at is not null as broken, a.account_name, a.token_expires_at,
  (select count(*) from jobber_client_mapping) as total_clients,
  (select count(*) from jobber_property_mapping) as total_properties,
  (select count(*) from jobber_property_mapping m where m.property_id is not null) as mapped_properties
from (select) one
left join jobber_auth a on true`

const lastSyncSQL = `
select l.sync_type, l.status, l.completed_at, l.items_created, l.items_updated
from jobber_sync_logs l
order by l.started_at desc, l.id desc
limit 1`

func (s *Service) status(ctx context.Context, tx db.Tx, _ *endpoint.None) (out JobberStatus, err error) {
	if err := s.Admits(ctx, tx); err != nil {
		return out, err
	}
	if out, err = db.One[JobberStatus](ctx, tx, statusSQL); err != nil {
		return out, err
	}
	if out.Broken {
		out.Problem = new(s.Broken().Error())
	}
	last, err := db.One[LastSync](ctx, tx, lastSyncSQL)
	switch {
	case err == nil:
		out.LastSync = &last
	case errors.Is(err, db.ErrNotFound):
		err = nil
	}
	return out, err
}

// JobberProperties are those that were read from Jobber.
type JobberProperties struct {
	Properties []JobberProperty `json:"properties"`
}

// JobberProperty is a property as it is at Jobber, and which one of the portal it is.
type JobberProperty struct {
	ID                    int64       `json:"id" db:"id"`
	JobberPropertyID      string      `json:"jobber_property_id" db:"jobber_property_id"`
	JobberPropertyAddress *string     `json:"jobber_property_address" db:"jobber_property_address" nullable:"true"`
	PropertyID            *int64      `json:"property_id" db:"property_id" nullable:"true" doc:"The property of the portal; null where nobody has said which."`
	SyncEnabled           bool        `json:"sync_enabled" db:"sync_enabled" doc:"A sync brings its changes."`
	AutoCreateProperty    bool        `json:"auto_create_property" db:"auto_create_property" doc:"A sync makes it a property of the portal, where it is none yet."`
	LastSyncedAt          *field.Time `json:"last_synced_at" db:"last_synced_at" nullable:"true"`
	PropertyName          *string     `json:"property_name" db:"property_name" nullable:"true"`
	JobberClientName      *string     `json:"jobber_client_name" db:"jobber_client_name" nullable:"true"`
}

const listSQL = `
select m.id, m.jobber_property_id, m.jobber_property_address, m.property_id, m.sync_enabled, m.auto_create_property, m.last_synced_at,
  p.name as property_name, c.jobber_client_name
from jobber_property_mapping m
left join locations p on (p.customer_id, p.id) = (m.customer_id, m.property_id)
left join jobber_client_mapping c on (c.customer_id, c.jobber_client_id) = (m.customer_id, m.jobber_client_id)
order by m.jobber_property_address, m.id
limit @limit offset @offset`

func (s *Service) list(ctx context.Context, tx db.Tx, in *endpoint.Window) (out JobberProperties, err error) {
	if err := s.Admits(ctx, tx); err != nil {
		return out, err
	}
	out.Properties, err = db.All[JobberProperty](ctx, tx, listSQL, db.Struct(in))
	return out, err
}

// JobberMapping says which property of the portal one at Jobber is.
type JobberMapping struct {
	JobberPropertyID   *string `json:"jobber_property_id,omitempty" db:"-" ref:"-" nullable:"true" maxLength:"255" example:"property-1" doc:"That of the path once more."`
	PropertyID         *int64  `json:"property_id,omitempty" db:"property_id" nullable:"true" ref:"locations" minimum:"1" doc:"The property of the portal; null: none."`
	SyncEnabled        *bool   `json:"sync_enabled,omitempty" db:"sync_enabled" nullable:"true" doc:"A sync brings its changes; true if absent."`
	AutoCreateProperty *bool   `json:"auto_create_property,omitempty" db:"auto_create_property" nullable:"true" doc:"The next sync makes it a property of the portal, where it is none yet; stays if absent."`
}

// A property is looked up, so that one of another company is as absent here as everywhere.
const assignSQL = `
update jobber_property_mapping m
set property_id = @property_id, sync_enabled = coalesce(@sync_enabled, true),
  auto_create_property = coalesce(@auto_create_property, m.auto_create_property)
where m.jobber_property_id = @id
  and (@property_id::bigint is null or exists (select from locations p where p.id = @property_id))`

const knownSQL = `select m.id from jobber_property_mapping m where m.jobber_property_id = @id`

func (s *Service) assign(ctx context.Context, tx db.Tx, in *struct {
	ID   string `path:"jobber_property_id" ref:"-" minLength:"1" maxLength:"255" example:"property-1" doc:"The property, as Jobber names it."`
	Body JobberMapping
},
) (done endpoint.Done, err error) {
	if err := s.Admits(ctx, tx); err != nil {
		return done, err
	}
	if of := in.Body.JobberPropertyID; of != nil && *of != in.ID {
		return done, endpoint.InvalidField("jobber_property_id", "expected that of the path, or none")
	}
	args := db.Struct(in.Body)
	args["id"] = in.ID
	err = db.Touch(ctx, tx, assignSQL, args)
	if errors.Is(err, db.ErrNotFound) {
		if _, err := db.Value[int64](ctx, tx, knownSQL, db.Args{"id": in.ID}); err != nil {
			return done, endpoint.Missing(err, "property from Jobber")
		}
		return done, endpoint.NotFound("property")
	}
	return endpoint.Done{OK: true, Message: "Mapping stored"}, err
}

// JobberSyncs are the latest syncs.
type JobberSyncs struct {
	Logs []JobberSync `json:"logs"`
}

// JobberSync is one sync.
type JobberSync struct {
	ID             int64       `json:"id" db:"id"`
	SyncType       string      `json:"sync_type" db:"sync_type" enum:"full,clients,properties"`
	Status         string      `json:"status" db:"status" enum:"started,completed,failed"`
	ItemsProcessed int         `json:"items_processed" db:"items_processed"`
	ItemsCreated   int         `json:"items_created" db:"items_created"`
	ItemsUpdated   int         `json:"items_updated" db:"items_updated"`
	ItemsSkipped   int         `json:"items_skipped" db:"items_skipped"`
	ErrorMessage   *string     `json:"error_message" db:"error_message" nullable:"true" doc:"Why it failed, or what it could not do."`
	StartedAt      field.Time  `json:"started_at" db:"started_at"`
	CompletedAt    *field.Time `json:"completed_at" db:"completed_at" nullable:"true"`
}

const logsSQL = `
select l.id, l.sync_type, l.status, l.items_processed, l.items_created, l.items_updated, l.items_skipped, l.error_message, l.started_at, l.completed_at
from jobber_sync_logs l
order by l.started_at desc, l.id desc
limit @limit`

func (s *Service) logs(ctx context.Context, tx db.Tx, in *struct {
	Limit int `query:"limit" default:"20" minimum:"1" maximum:"1000" doc:"How many at the most."`
},
) (out JobberSyncs, err error) {
	if err := s.Admits(ctx, tx); err != nil {
		return out, err
	}
	out.Logs, err = db.All[JobberSync](ctx, tx, logsSQL, db.Args{"limit": in.Limit})
	return out, err
}
