package assistant

import (
	"context"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbound"
)

// Tokens are taken before a provider is asked, as many as it may come to, and what was not used is given back: of two
// calls at once the second finds what the first has taken.

// bytesOfToken is how long a token is at the least, of languages that people write in.
const bytesOfToken = 3

// weight is how many tokens a question may come to at the most.
func (q question) weight() int64 {
	bytes := len(q.system)
	for _, t := range q.turns {
		bytes += len(t.text)
		for _, c := range t.calls {
			bytes += len(c.tool) + len(c.arguments)
		}
		for _, r := range t.results {
			bytes += len(r.text)
		}
	}
	for _, t := range q.tools {
		bytes += t.weight()
	}
	return int64(bytes/bytesOfToken) + q.most
}

// Where it would be too much no row comes back.
const takeSQL = `
insert into assistant_usage as u (day, tokens)
select @day::date, @tokens::bigint
where @tokens::bigint <= @budget::bigint
on conflict (customer_id, day) do update
set tokens = u.tokens + excluded.tokens
where u.tokens + excluded.tokens <= @budget::bigint
returning u.tokens`

const giveBackSQL = `
update assistant_usage
set tokens = greatest(tokens - @unused::bigint, 0)
where day = @day::date`

// A purse is what was taken for one question.
type purse struct {
	day    string
	tokens int64
}

// take takes what a question may come to. Errors: 429 where the company has not as much left today.
func (s *Service) take(ctx context.Context, tx db.Tx, q question) (p purse, err error) {
	zone, err := tx.Zone(ctx)
	if err != nil {
		return p, err
	}
	now := endpoint.Now(ctx).In(zone)
	p = purse{now.Format(time.DateOnly), q.weight()}
	_, err = db.Value[int64](ctx, tx, takeSQL, db.Args{"day": p.day, "tokens": p.tokens, "budget": s.budget})
	if errors.Is(err, db.ErrNotFound) {
		tomorrow := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, zone)
		return p, endpoint.TooMany("the company has used up what the assistant may cost today; it goes on tomorrow", tomorrow.Sub(now))
	}
	return p, err
}

// settle gives back what was not used.
func (p purse) settle(ctx context.Context, work units, used int64) error {
	return work.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := db.Exec(ctx, tx, giveBackSQL, db.Args{"day": p.day, "unused": p.tokens - used})
		return err
	})
}

// units opens units of work in the caller's company.
type units interface {
	Write(ctx context.Context, fn func(context.Context, db.Tx) error) error
}

// consult takes the tokens, asks, and gives back what is left. A question that a provider may have answered, though it did
// not arrive, has cost all that was taken.
func (s *Service) consult(ctx context.Context, work units, m model, key string, q question) (r reply, err error) {
	var p purse
	err = work.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if p, err = s.take(ctx, tx, q); err != nil || endpoint.Caller(ctx).OperatorID() == 0 {
			return err
		}
		return auth.Record(ctx, tx, auth.Deed{Action: "assistant.asked"})
	})
	if err != nil {
		return r, err
	}
	r, err = m.ask(ctx, key, q)
	if err == nil {
		return r, p.settle(ctx, work, r.tokens)
	}
	var e *outbound.Error
	if errors.As(err, &e) && e.Outcome != outbound.TimedOut && e.Outcome != outbound.Unreadable && ctx.Err() == nil {
		err = errors.Join(err, p.settle(ctx, work, 0))
	}
	return r, err
}
