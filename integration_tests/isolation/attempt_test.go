package isolation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// An attempt is what is tried on one table, or another object, in a transaction: each statement in a
// savepoint of its own. What the attacker tries is committed, so that it would be seen; what its owner
// does to show that it works is taken back.
type attempt struct {
	siege  *siege
	tx     beginner // where the attack happens
	inside beginner // in the attacker's own company: where the control happens
	of     string
	cell   *cell // nil: findings go to the test
	isOwn  bool
	undo   bool
}

// A beginner is a connection or a transaction.
type beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// own is the other side: the same on a row of one's own.
func (r attempt) own() attempt {
	r.tx, r.isOwn, r.undo = r.inside, true, true
	return r
}

// bySuper is another control: that the statement is a good one, and refused to nobody but the attacker.
func (r attempt) bySuper() attempt {
	r.tx, r.isOwn, r.undo = r.siege.super, true, true
	return r
}

// probe is an attack that is taken back: what it tells is in the answer.
func (r attempt) probe() attempt {
	r.undo = true
	return r
}

// An outcome is what PostgreSQL answered.
type outcome struct {
	touched int64
	code    string // SQLSTATE; "" where it was done
	text    string
}

func (o outcome) String() string {
	if o.code == "" && o.text == "" {
		return fmt.Sprintf("%d %s", o.touched, map[bool]string{true: "row", false: "rows"}[o.touched == 1])
	}
	return strings.TrimSpace(o.code + " " + o.text)
}

// expect runs a statement and notes the answer; another one than the expected is a finding.
func (r attempt) expect(fits func(outcome) bool, want, sql string, args ...any) {
	r.siege.t.Helper()
	o := r.run(sql, args...)
	r.note(fits(o), o.String(), want, sql, args...)
}

// note puts one answer into the cell.
func (r attempt) note(fits bool, answer, want, sql string, args ...any) {
	r.siege.t.Helper()
	tried := sql
	if len(args) > 0 {
		tried += " " + short(fmt.Sprintf("%v", args), 80)
	}
	if r.cell != nil {
		r.cell.note(r.isOwn, fits, tried, answer, want)
	} else if !fits {
		r.siege.t.Errorf("%s: %s: %s, want %s", r.of, tried, answer, want)
	}
}

// reads expects one number.
func (r attempt) reads(want int64, sql string, args ...any) {
	r.siege.t.Helper()
	var n int64
	err := r.try(func(tx pgx.Tx) error { return tx.QueryRow(r.siege.t.Context(), sql, args...).Scan(&n) })
	o := outcomeOf(n, err)
	r.note(o.code == "" && o.text == "" && n == want, o.String(), fmt.Sprintf("%d rows", want), sql, args...)
}

// shows expects a text that fits.
func (r attempt) shows(fits func(string) bool, want, sql string) {
	r.siege.t.Helper()
	var lines []string
	err := r.try(func(tx pgx.Tx) error {
		rows, _ := tx.Query(r.siege.t.Context(), sql)
		var err error
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	text := strings.Join(lines, "\n")
	answer := cmp.Or(short(text, 500), "nothing")
	if err != nil {
		answer = outcomeOf(0, err).String()
	}
	r.note(err == nil && fits(text), answer, want, sql)
}

// touches expects a number of rows.
func (r attempt) touches(want int64, sql string, args ...any) {
	r.siege.t.Helper()
	r.expect(func(o outcome) bool { return o.code == "" && o.text == "" && o.touched == want }, fmt.Sprintf("%d rows", want), sql, args...)
}

// finds expects that neither wall nor grant refuses. What refuses a row that was found may: a key, a
// reference to it, the rule that a company keeps an Admin.
func (r attempt) finds(sql string, args ...any) {
	r.siege.t.Helper()
	r.expect(func(o outcome) bool {
		switch o.code {
		case "23505", "23503", "23001", "23514", "TN006":
			return true
		}
		return o.code == "" && o.text == "" && o.touched == 1
	}, "1 row, or a rule about it", sql, args...)
}

// refused expects that the wall or a grant refuses.
func (r attempt) refused(sql string, args ...any) {
	r.siege.t.Helper()
	r.refusal("42501", sql, args...)
}

// refusal expects one of some SQLSTATEs.
func (r attempt) refusal(codes, sql string, args ...any) {
	r.siege.t.Helper()
	r.expect(func(o outcome) bool { return o.code != "" && strings.Contains(codes, o.code) }, "a refusal with "+codes, sql, args...)
}

func (r attempt) run(sql string, args ...any) outcome {
	var touched int64
	err := r.try(func(tx pgx.Tx) error {
		tag, err := tx.Exec(r.siege.t.Context(), sql, args...)
		touched = tag.RowsAffected()
		return err
	})
	return outcomeOf(touched, err)
}

func outcomeOf(touched int64, err error) outcome {
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		return outcome{code: pg.Code, text: pg.Message}
	case err != nil:
		return outcome{text: err.Error()}
	}
	return outcome{touched: touched}
}

// try runs a statement in a savepoint, so that a refused one does not end the transaction.
func (r attempt) try(fn func(pgx.Tx) error) error {
	attacked.statements.Add(1)
	err := pgx.BeginFunc(r.siege.t.Context(), r.tx, func(tx pgx.Tx) error {
		if err := fn(tx); err != nil || !r.undo {
			return err
		}
		return errTakeBack
	})
	if errors.Is(err, errTakeBack) {
		return nil
	}
	return err
}

func short(text string, n int) string {
	if len(text) > n {
		return strings.ToValidUTF8(text[:n], "") + "…"
	}
	return text
}
