package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What a unit of work can fail with, besides what its own code returns. Each is told by errors.Is;
// none carries SQL or a value of a row in its text.
var (
	ErrNotFound  = errors.New("not found")                           // no such row, or another customer's
	ErrConflict  = errors.New("conflict")                            // a unique key is taken, or a concurrent change won
	ErrReference = errors.New("refused by a rule of the database")   // a foreign key, check or not-null constraint
	ErrDenied    = errors.New("denied by the database")              // row security or a missing grant: a bug
	ErrPerson    = errors.New("person unknown or changed")           // TN002
	ErrSession   = errors.New("session over")                        // TN003
	ErrSuspended = errors.New("customer suspended")                  // TN004
	ErrElsewhere = errors.New("customer is in another database")     // TN007
	ErrMoving    = errors.New("customer is moved to another place")  // TN008
	ErrCancelled = errors.New("customer cancelled")                  // TN009, of a job
	ErrLimit     = errors.New("limit reached")                       // TN005; see Refusal
	ErrBusy      = errors.New("database is too busy")                // the pool was exhausted, or a read lost against others twice
	ErrCrowded   = errors.New("too much at once of one customer")    // it has its share of the pool, and its line is full or slow
	ErrTimeout   = errors.New("statement took too long")             // statement or lock time-out
	ErrDown      = errors.New("database cannot be reached")          // the connection was lost or refused
	ErrClosed    = errors.New("database is between two versions")    // portal migrate has locked the API out
	errCancelled = errors.New("request was cancelled by its caller") // nobody waits for the answer
)

// A Refusal is an error of PostgreSQL, reduced to what may be shown or acted on.
type Refusal struct {
	Kind       error  // one of the sentinels above
	Constraint string // the constraint's name, which reads as a sentence; may be empty
	Detail     string // only for ErrLimit: what is used of what is allowed
	table      string // whose rule it is
	cause      error
}

func (r *Refusal) Error() string {
	switch {
	case r.Constraint != "":
		return r.Kind.Error() + ": " + r.Constraint
	case r.Detail != "":
		return r.Kind.Error() + ": " + r.Detail
	}
	return r.Kind.Error()
}

func (r *Refusal) Is(target error) bool { return target == r.Kind }

// Code returns the SQLSTATE behind a Refusal, or "".
func (r *Refusal) Code() string {
	var pg *pgconn.PgError
	if errors.As(r.cause, &pg) {
		return pg.Code
	}
	return ""
}

// stalePlan tells whether PostgreSQL refused a prepared statement because a migration has changed what it returns.
func (r *Refusal) stalePlan() bool {
	var pg *pgconn.PgError
	return errors.As(r.cause, &pg) && pg.Code == "0A000" && pg.Routine == "RevalidateCachedQuery"
}

// unseen tells whether PostgreSQL refused a right, or did not find a table, column or function.
func (r *Refusal) unseen() bool {
	switch r.Code() {
	case "42501", "42P01", "42703", "42883", "3F000":
		return true
	}
	return false
}

// Violates tells whether err is the violation of the constraint (or unique index) of that name.
func Violates(err error, constraint string) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Constraint == constraint
}

// Referrer is the table whose rows refer to those that err refuses to delete, or "".
func Referrer(err error) string {
	var r *Refusal
	if errors.As(err, &r) && r.Code() == "23503" {
		return r.table
	}
	return ""
}

var kinds = map[string]error{
	"TN002": ErrPerson,
	"TN003": ErrSession,
	"TN004": ErrSuspended,
	"TN005": ErrLimit,
	"TN006": ErrConflict, // a rule over several rows, which a trigger holds and names
	"TN007": ErrElsewhere,
	"TN008": ErrMoving,
	"TN009": ErrCancelled,
	"23505": ErrConflict,
	"23P01": ErrConflict,
	"40001": ErrConflict,
	"40P01": ErrConflict,
	"23502": ErrReference,
	"23503": ErrReference,
	"23514": ErrReference,
	"22001": ErrReference,
	"22003": ErrReference,
	"22021": ErrReference, // a NUL in a text
	"22P05": ErrReference, // and in JSON
	"42501": ErrDenied,
	"57014": ErrTimeout,
	"55P03": ErrTimeout,
	"57P01": ErrDown,
	"57P02": ErrDown,
	"57P03": ErrDown,
	"53300": ErrBusy,
}

// translate turns a driver's error into one of ours. PostgreSQL's message and detail stop here: they
// may quote values.
func translate(ctx context.Context, err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &pg):
		kind, ok := kinds[pg.Code]
		if !ok {
			return &Refusal{Kind: errors.New("database error " + pg.Code), cause: err}
		}
		if errors.Is(kind, ErrTimeout) && ctx.Err() != nil {
			kind = cancelled(ctx)
		}
		r := &Refusal{Kind: kind, Constraint: pg.ConstraintName, table: pg.TableName, cause: err}
		if errors.Is(kind, ErrLimit) {
			r.Detail = pg.Detail
		}
		return r
	case ctx.Err() != nil:
		return &Refusal{Kind: cancelled(ctx), cause: err}
	case connectionLost(err):
		return &Refusal{Kind: ErrDown, cause: err}
	}
	return err
}

func cancelled(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return errCancelled
}

// Cancelled tells whether err means that the caller went away.
func Cancelled(err error) bool { return errors.Is(err, errCancelled) }
