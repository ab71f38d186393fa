package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"contractor-portal/db"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbound"
	"contractor-portal/server/outbox"
)

// envelopeSQL is what the mails of one round have in common. Whoever is told of sign-ups is the address that the company
// has named, or its Admins.
const envelopeSQL = `
select c.customer_id, c.company_name,
  coalesce(
    (select array[s.value] from admin_settings s where s.setting = 'signup_notification_email' and s.value <> ''),
    (select array_agg(u.email order by u.id) from users u where u.role = 'Admin' and u.status = 'active'),
    '{}') as sign_ups
from platform.customers c`

type envelope struct {
	CustomerID  string   `db:"customer_id"`
	CompanyName string   `db:"company_name"`
	SignUps     []string `db:"sign_ups"`
}

// A round is a connection to the provider, for some mails of one company.
type round struct {
	envelope
	post *post
}

// Open finds the account that counts now and logs in, for a round of the company's mails. An account that is refused is
// tried again: an Admin puts it right within the day.
func (s *Service) Open(ctx context.Context, j *jobs.Job) (outbox.Round, error) {
	var a *account
	var r round
	err := j.Do(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if a, err = s.account(ctx, tx); err == nil && a != nil {
			r.envelope, err = db.One[envelope](ctx, tx, envelopeSQL)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, jobs.GiveUp(jobs.NotConfigured, nil)
	}
	if r.post, err = s.open(ctx, a, r.CompanyName); err != nil {
		return nil, jobs.Retry(codeOf(err), err)
	}
	return &r, nil
}

// Close ends the connection.
func (r *round) Close() error {
	r.post.close()
	return nil
}

// Send hands one mail over. What the provider refuses for good is given up, and what it cannot take now is tried again.
func (r *round) Send(ctx context.Context, id int64, text []byte) (messageID string, err error) {
	var c content
	if err := json.Unmarshal(text, &c); err != nil {
		return "", jobs.GiveUp(jobs.Internal, err)
	}
	name := fmt.Sprintf("%s-%d", r.CustomerID, id)
	if !c.ToSignUps {
		messageID, err = r.post.send(ctx, c, name)
		return messageID, verdict(err)
	}
	// Each alone, so that one who cannot be reached keeps it from nobody.
	taken := 0
	for _, email := range r.SignUps {
		c.To = []string{email}
		sent, failed := r.post.send(ctx, c, name)
		if failed == nil {
			messageID = sent
			taken++
			continue
		}
		err = failed
	}
	if taken > 0 {
		return messageID, nil
	}
	return "", verdict(err)
}

// verdict says whether a mail is tried again.
func verdict(err error) error {
	var failed *outbound.Error
	final := errors.Is(err, errAddress) || errors.As(err, &failed) && failed.Outcome == outbound.Refused
	switch {
	case err == nil:
		return nil
	case final:
		return jobs.GiveUp(codeOf(err), err)
	}
	return jobs.Retry(codeOf(err), err)
}

// codeOf is why a mail was not taken, for an Admin to read.
func codeOf(err error) jobs.Code {
	var failed *outbound.Error
	switch {
	case errors.Is(err, errAddress):
		return jobs.BadAddress
	case !errors.As(err, &failed):
		return jobs.Internal
	}
	switch failed.Outcome {
	case outbound.NoKey:
		return jobs.BadAccount
	case outbound.Limited:
		return jobs.Throttled
	case outbound.Refused, outbound.Failed:
		return jobs.Refused
	}
	return jobs.Unreachable
}
