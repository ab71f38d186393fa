package mail

import (
	"context"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbox"
	"contractor-portal/server/vault"
)

// queue puts mails into the outbox.
func (s *Service) queue(ctx context.Context, tx db.Tx, kind string, all ...content) error {
	messages := make([]outbox.Message, len(all))
	for i, c := range all {
		messages[i] = outbox.Message{Channel: outbox.Mail, Kind: kind, Content: c, Reference: c.about}
	}
	err := s.cfg.Outbox.Add(ctx, tx, messages...)
	if errors.Is(err, vault.ErrNoKeys) {
		return errors.Join(endpoint.Unavailable("mails cannot be sealed here until they are sent; the portal's operator can tell why"), err)
	}
	return err
}

// What other features have mailed, in the transaction of what has happened. Where mail is not set up nothing is, and
// what has happened does not fail for that.

// tell is queue for what has happened.
func (s *Service) tell(ctx context.Context, tx db.Tx, kind string, all ...content) (mailed bool, err error) {
	err = s.queue(ctx, tx, kind, all...)
	if errors.Is(err, vault.ErrNoKeys) {
		return false, nil
	}
	return err == nil, err
}

// SignUpRequested tells whoever is told of sign-ups in the company. A guest asks for it, who sees neither them nor
// whether mail is set up: both are found when the mail is sent.
func (s *Service) SignUpRequested(ctx context.Context, tx db.Tx, name, email, phone, role string) error {
	_, err := s.tell(ctx, tx, "sign_up_request", content{ToSignUps: true, Letter: aSignUpRequest(endpoint.PublicURL(ctx), name, email, phone, role)})
	return err
}

// Approved tells people that they may log in, each with the role that he has.
func (s *Service) Approved(ctx context.Context, tx db.Tx, roles map[string]string) error {
	if a, err := s.account(ctx, tx); a == nil || err != nil {
		return err
	}
	var all []content
	for email, role := range roles {
		all = append(all, content{To: []string{email}, Letter: anApproval(endpoint.PublicURL(ctx), role)})
	}
	_, err := s.tell(ctx, tx, "account_approved", all...)
	return err
}

// PasswordSet tells a person that an Admin has set a password for him. The password is in no mail.
func (s *Service) PasswordSet(ctx context.Context, tx db.Tx, email string) error {
	if a, err := s.account(ctx, tx); a == nil || err != nil {
		return err
	}
	_, err := s.tell(ctx, tx, "password_reset", content{To: []string{email}, Letter: aPasswordReset(endpoint.PublicURL(ctx))})
	return err
}

// LinksBy says by whose account a link can be mailed to a person whom nobody knows yet: the portal's, or companies' that
// have set one up; nobody's where the portal does not know its own address.
func (s *Service) LinksBy(ctx context.Context) string {
	switch {
	case endpoint.PublicURL(ctx) == "":
		return "nobody"
	case s.cfg.Accounts.Operators(accountKeys...):
		return "portal"
	}
	return "companies"
}

// PasswordForgotten mails a link to a new password, or that the company takes none. A guest asks for it, who does not see
// whether mail is set up: that is found when the mail is sent.
func (s *Service) PasswordForgotten(ctx context.Context, tx db.Tx, email, link string, until time.Time) error {
	zone, err := tx.Zone(ctx)
	if err != nil {
		return err
	}
	l := aForgottenPassword(link, until.In(zone))
	if link == "" {
		l = aForgottenSignOn(endpoint.PublicURL(ctx))
	}
	_, err = s.tell(ctx, tx, "password_forgotten", content{To: []string{email}, Letter: l})
	return err
}

// ExportReady tells whoever asked for all data of the company that it is there, and until when. The mail leads to a page of the portal,
// and not to the data.
func (s *Service) ExportReady(ctx context.Context, tx db.Tx, email, page string, until time.Time) error {
	if a, err := s.account(ctx, tx); a == nil || err != nil {
		return err
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return err
	}
	_, err = s.tell(ctx, tx, "export_ready", content{To: []string{email}, Letter: anExport(page, until.In(zone))})
	return err
}

// WeatherAlert queues an alert to each of several people, and tells how many mails are on their way.
func (s *Service) WeatherAlert(ctx context.Context, tx db.Tx, to []string, message string) (mails int, err error) {
	if a, err := s.account(ctx, tx); a == nil || err != nil {
		return 0, err
	}
	return len(to), s.toEach(ctx, tx, "weather_alert", to, aWeatherAlert(endpoint.PublicURL(ctx), message))
}

// Invitation mails a link to the person who is invited, and tells whether it is on its way.
func (s *Service) Invitation(ctx context.Context, tx db.Tx, id int64, email, link, role string, until time.Time) (mailed bool, err error) {
	if a, err := s.account(ctx, tx); a == nil || err != nil {
		return false, err
	}
	return s.invite(ctx, tx, id, email, link, role, until)
}

// GuestInvitation is Invitation by a guest, who sees no company's keys: it is mailed where the operator has an account.
// When it is sent the company's own counts, if it has one.
func (s *Service) GuestInvitation(ctx context.Context, tx db.Tx, id int64, email, link, role string, until time.Time) (mailed bool, err error) {
	if !s.cfg.Accounts.Operators(accountKeys...) {
		return false, nil
	}
	return s.invite(ctx, tx, id, email, link, role, until)
}

func (s *Service) invite(ctx context.Context, tx db.Tx, id int64, email, link, role string, until time.Time) (mailed bool, err error) {
	return s.tell(ctx, tx, "invitation", content{To: []string{email}, about: id, Letter: anInvitation(link, role, until)})
}
