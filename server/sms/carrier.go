package sms

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbound"
	"contractor-portal/server/outbox"
)

// account is the account with the provider that counts for the company.
func (s *Service) account(ctx context.Context, tx db.Tx) (a account, err error) {
	if caller := endpoint.Caller(ctx); caller != nil && caller.Acting() {
		return a, endpoint.Forbidden("an operator who acts inside a company uses none of its keys")
	}
	keys, company, err := s.Keys.Account(ctx, tx, accountKeys...)
	if err != nil {
		return a, err
	}
	if keys == nil {
		return a, errNoAccount
	}
	a = account{SID: keys[0], Token: keys[1], Number: keys[2], Company: company}
	if s.PublicURL != "" {
		a.Callback = s.PublicURL + statusPath
	}
	return a, nil
}

const proveSQL = `call tenancy.prove_number(@number)`

// prove notes that the provider has sent from the number for the company's own account. The operator's account has numbers
// of several companies, and proves none.
func prove(ctx context.Context, tx db.Tx, a account) error {
	if !a.Company {
		return nil
	}
	_, err := db.Exec(ctx, tx, proveSQL, db.Args{"number": a.Number})
	return err
}

// A round carries messages of one company.
type round struct {
	*provider
	account account
}

// Open finds the company's account.
func (s *Service) Open(ctx context.Context, j *jobs.Job) (outbox.Round, error) {
	r := round{provider: s.provider}
	err := j.Do(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		r.account, err = s.account(ctx, tx)
		return err
	})
	if errors.Is(err, errNoAccount) {
		return nil, jobs.Retry(jobs.NotConfigured, err)
	}
	return r, err
}

// Send hands a message to the provider.
func (r round) Send(ctx context.Context, _ int64, opened []byte) (providerID string, err error) {
	var c content
	if err := json.Unmarshal(opened, &c); err != nil {
		return "", jobs.GiveUp(jobs.Internal, err)
	}
	t, err := r.send(ctx, r.account, c.To, c.Body)
	return t.SID, failure(err)
}

// Close has nothing to end.
func (round) Close() error { return nil }

// failure says what of an error may pass, and what will not.
func failure(err error) error {
	var refused *refusedError
	var failed *outbound.Error
	switch {
	case errors.As(err, &refused) && (refused.Code == codeStopped || slices.Contains(unable, refused.Code)):
		return jobs.GiveUp(jobs.BadAddress, err)
	case errors.As(err, &refused) && slices.Contains(badSender, refused.Code):
		return jobs.Retry(jobs.BadAccount, err)
	case errors.As(err, &refused):
		return jobs.GiveUp(jobs.Refused, err)
	case !errors.As(err, &failed):
		return err
	}
	switch failed.Outcome {
	case outbound.NoKey:
		return jobs.Retry(jobs.BadAccount, err)
	case outbound.Limited:
		return jobs.Retry(jobs.Throttled, err)
	case outbound.Refused, outbound.Unreadable: // what cannot be read may have been taken
		return jobs.GiveUp(jobs.Refused, err)
	}
	return jobs.Retry(jobs.Unreachable, err)
}

const settleSQL = `
update sms_messages
set twilio_sid = coalesce(nullif(@sid, ''), twilio_sid), twilio_status = @status, twilio_error_code = @code
where id = @id
returning phone_number`

const stopSQL = `call tenancy.stop_messages(@phone)`

// Settle notes what became of a message. Whoever has stopped with the provider gets no more.
func (s *Service) Settle(ctx context.Context, tx db.Tx, reference int64, o outbox.Outcome) error {
	status, code := "queued", (*int)(nil)
	switch {
	case o.Failure != "" && o.Final:
		status = "failed"
	case o.Failure != "":
		status = waiting
	}
	var refused *refusedError
	if errors.As(o.Err, &refused) {
		code = &refused.Code
	}
	phone, err := db.Value[string](ctx, tx, settleSQL, db.Args{"id": reference, "sid": o.ProviderID, "status": status, "code": code})
	if err != nil {
		return err
	}
	switch {
	case code != nil && *code == codeStopped:
		_, err = db.Exec(ctx, tx, stopSQL, db.Args{"phone": phone})
	case o.Failure == "":
		var a account
		if a, err = s.account(ctx, tx); err == nil {
			err = prove(ctx, tx, a)
		}
	}
	return err
}
