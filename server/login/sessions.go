package login

import (
	"context"
	"net/http"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// sessionRoutes registers how a person sees where he is logged in, and leaves there.
func sessionRoutes(api endpoint.API) {
	own := everybody.Own()
	endpoint.EitherList(api, "/api/my-sessions/", "listMySessions", "Where the caller is logged in, newest first", sessions, operatorSessions, own)
	endpoint.Either(api, http.MethodDelete, "/api/my-sessions/{session_id}", "endMySession", "End a session of one's own", endSession, endOperatorSession, own, endpoint.Audited("session.ended"),
		endpoint.Describe("Its tokens are over from the next statement on, and so are the switches that were made in it."))
}

// A Session is one of the caller's own that lives.
type Session struct {
	ID          string     `json:"id" db:"id" format:"uuid"`
	Since       field.Time `json:"since" db:"created_at" doc:"When it began."`
	RefreshedAt field.Time `json:"refreshed_at" db:"refreshed_at" doc:"When it got its last tokens."`
	ExpiresAt   field.Time `json:"expires_at" db:"expires_at"`
	Acting      bool       `json:"acting" db:"acting" doc:"An operator acts in it inside a company."`
	Current     bool       `json:"current" db:"is_current" doc:"The one in which the caller asks."`
}

const sessionsSQL = `
select s.id::text, s.created_at, s.refreshed_at, s.expires_at, false as acting, s.id = @session::uuid as is_current, count(*) over () as total
from tenancy.sessions() s
where s.user_id = (select tenancy.user_id())
order by s.created_at desc, s.id
limit @limit offset @offset`

func sessions(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Session, int64, error) {
	return db.Page[Session](ctx, tx, sessionsSQL, here(ctx, in))
}

const operatorSessionsSQL = `
select s.id::text, s.created_at, s.refreshed_at, s.expires_at, s.parent_id is not null as acting, s.id = @session::uuid as is_current,
  count(*) over () as total
from platform.sessions s
where s.operator_id = (select tenancy.acting_as())
  and s.revoked_at is null
  and s.expires_at > now()
order by s.created_at desc, s.id
limit @limit offset @offset`

func operatorSessions(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Session, int64, error) {
	return db.Page[Session](ctx, tx, operatorSessionsSQL, here(ctx, in))
}

// here is a part of a list, with the session in which somebody asks: a read does not tell the database.
func here(ctx context.Context, in *endpoint.Window) db.Args {
	args := db.Struct(in)
	args["session"] = endpoint.Caller(ctx).SessionID()
	return args
}

type sessionRef struct {
	SessionID string `path:"session_id" ref:"-" format:"uuid" example:"00000000-0000-4000-8000-000000000000" doc:"The session."`
}

// An Admin may end every session of his company, but not here.
const endSessionSQL = `
select s.id::text
from tenancy.sessions() s
cross join lateral tenancy.end_session(s.id) as ended
where s.id = @id::uuid
  and s.user_id = (select tenancy.user_id())`

func endSession(ctx context.Context, tx db.Tx, in *sessionRef) (endpoint.Message, error) {
	_, err := db.Value[string](ctx, tx, endSessionSQL, db.Args{"id": in.SessionID})
	return in.ended(ctx, err)
}

const endOperatorSessionSQL = `
update platform.sessions s
set revoked_at = now()
where s.id = @id::uuid
  and s.operator_id = (select tenancy.acting_as())
  and s.revoked_at is null
  and s.expires_at > now()
returning s.id::text`

func endOperatorSession(ctx context.Context, tx db.Tx, in *sessionRef) (endpoint.Message, error) {
	_, err := db.Value[string](ctx, tx, endOperatorSessionSQL, db.Args{"id": in.SessionID})
	return in.ended(ctx, err)
}

func (r *sessionRef) ended(ctx context.Context, err error) (endpoint.Message, error) {
	endpoint.Note(ctx, "session", r.SessionID, nil)
	return endpoint.Message{Message: "Session ended"}, endpoint.Missing(err, "session")
}
