// Package auditlog shows a company who changed what in it. Entries are written by endpoints and package
// auth, in the transaction of the change; nobody can change or delete one.
package auditlog

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API) {
	endpoint.List(api, "/api/audit-log/", "listAuditLog", "Who did what, newest first", list, endpoint.Only(auth.Admin))
}

// An AuditEntry is one change.
type AuditEntry struct {
	ID              int64          `json:"id" db:"id"`
	At              field.Time     `json:"at" db:"at"`
	ActorName       *string        `json:"actor_name" db:"actor_name" doc:"Who did it, by the name at that time; null: nobody who was logged in."`
	ActorUserID     *int64         `json:"actor_user_id" db:"actor_user_id"`
	ActorOperatorID *int64         `json:"actor_operator_id" db:"actor_operator_id" doc:"An operator of the platform did it."`
	ActorServiceID  *int64         `json:"actor_service_id" db:"actor_service_id" doc:"A service did it: the id of its key."`
	ActorRole       *string        `json:"actor_role" db:"actor_role" doc:"The role acted with; null for an operator outside of the company."`
	Action          string         `json:"action" db:"action" example:"user.suspended"`
	ObjectType      *string        `json:"object_type" db:"object_type" example:"user"`
	ObjectID        *string        `json:"object_id" db:"object_id"`
	Detail          map[string]any `json:"detail" db:"detail"`
	RequestID       *string        `json:"request_id" db:"request_id"`
}

// A Filter says which entries are asked for; those that fit all of it are answered.
type Filter struct {
	endpoint.Window
	Actor      string     `query:"actor" db:"actor" maxLength:"255" doc:"Part of the name of who did it; capitals do not count."`
	UserID     int64      `query:"user_id" db:"user_id" ref:"users" minimum:"0" doc:"The user who did it."`
	Action     string     `query:"action" db:"action" maxLength:"100" example:"user.suspended" doc:"An action, or the beginning of some, such as user."`
	ObjectType string     `query:"object_type" db:"object_type" maxLength:"100" example:"user" doc:"What was touched."`
	From       field.Date `query:"from" doc:"First day."`
	To         field.Date `query:"to" doc:"Last day."`
}

// chosen are the entries that a filter asks for.
const chosen = `
from platform.audit_log l
where (@actor = '' or position(lower(@actor) in lower(l.actor_name)) > 0)
  and (@user_id::bigint = 0 or l.actor_user_id = @user_id)
  and starts_with(l.action, @action)
  and (@object_type = '' or l.object_type = @object_type)
  and (@begin::timestamptz is null or l.at >= @begin)
  and (@end::timestamptz is null or l.at < @end)`

// Counted apart, so that a page ends with its last row.
const listSQL = `
select l.id, l.at, l.actor_name, l.actor_user_id, l.actor_operator_id, l.actor_service_id, l.actor_role, l.action, l.object_type, l.object_id,
  l.detail, l.request_id,
  (select count(*)` + chosen + `) as total` + chosen + `
order by l.at desc, l.id desc
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *Filter) ([]AuditEntry, int64, error) {
	begin, end, err := field.Days(ctx, tx, in.From, in.To)
	if err != nil {
		return nil, 0, err
	}
	args := db.Struct(in)
	args["begin"], args["end"] = begin, end
	return db.Page[AuditEntry](ctx, tx, listSQL, args)
}
