package integration_tests

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// An attempt is statements of one transaction inside company A, each in a savepoint of its own.
type attempt struct {
	siege *siege
	tx    pgx.Tx
	of    string
}

func (r attempt) report(format string, args ...any) {
	r.siege.t.Helper()
	r.siege.report("%s: "+format, append([]any{r.of}, args...)...)
}

// reads expects one number.
func (r attempt) reads(want int64, sql string, args ...any) {
	r.siege.t.Helper()
	var n int64
	err := r.try(func(tx pgx.Tx) error { return tx.QueryRow(r.siege.t.Context(), sql, args...).Scan(&n) })
	if err != nil || n != want {
		r.report("%s %v: %d, want %d (%v)", sql, args, n, want, err)
	}
}

// touches expects a number of rows.
func (r attempt) touches(want int64, sql string, args ...any) {
	r.siege.t.Helper()
	if n, err := r.exec(sql, args...); err != nil || n != want {
		r.report("%s %v: touches %d rows, want %d (%v)", sql, args, n, want, err)
	}
}

// passes expects that neither wall nor grant refuses; a key may, where the row is there already.
func (r attempt) passes(sql string, args ...any) {
	r.siege.t.Helper()
	n, err := r.exec(sql, args...)
	if code := sqlState(err); code != "23505" && (err != nil || n != 1) {
		r.report("%s %v: touches %d rows, want 1 (%v)", sql, args, n, err)
	}
}

// anyway runs what may succeed with a row of one's own, or fail; what matters is the other company.
func (r attempt) anyway(sql string, args ...any) {
	r.siege.t.Helper()
	if _, err := r.exec(sql, args...); err != nil && sqlState(err) == "" {
		r.report("%s: %v", sql, err)
	}
}

// refused expects that the wall or a grant refuses.
func (r attempt) refused(sql string, args ...any) {
	r.siege.t.Helper()
	r.refusal("42501", sql, args...)
}

// refusal expects an SQLSTATE and returns what a client may see of the error.
func (r attempt) refusal(code, sql string, args ...any) (seen struct{ Code, Constraint, Message string }) {
	r.siege.t.Helper()
	n, err := r.exec(sql, args...)
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != code {
		r.report("%s %v: touches %d rows with %v, want a refusal with %s", sql, args, n, err, code)
		return seen
	}
	seen.Code, seen.Constraint, seen.Message = pg.Code, pg.ConstraintName, pg.Message
	return seen
}

func (r attempt) exec(sql string, args ...any) (touched int64, err error) {
	err = r.try(func(tx pgx.Tx) error {
		tag, err := tx.Exec(r.siege.t.Context(), sql, args...)
		touched = tag.RowsAffected()
		return err
	})
	return touched, err
}

// try runs a statement in a savepoint, so that a refused one does not end the transaction.
func (r attempt) try(fn func(pgx.Tx) error) error {
	attacked.statements.Add(1)
	return pgx.BeginFunc(r.siege.t.Context(), r.tx, fn)
}
