package mail

import (
	"context"
	"errors"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	gomail "github.com/wneessen/go-mail"

	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/outbound"
)

const (
	provider = "the mail provider"
	sendTime = 20 * time.Second // for one mail, and for logging in
)

// A content is what is to be sent, and to whom.
type content struct {
	To, Cc, Bcc []string `json:",omitempty"`
	ToSignUps   bool     `json:",omitempty"` // to whoever is told of sign-ups when it is sent
	Letter      letter

	about int64 // the row that it is about, which looks here for what became of it; 0: none does
}

// A post is an open connection to an account's server, for the mails of one company.
type post struct {
	client  *gomail.Client
	line    atomic.Pointer[net.Conn] // once there is one
	from    string
	company string // its name
}

// open logs in. It gives up when ctx ends.
func (s *Service) open(ctx context.Context, a *account, company string) (*post, error) {
	p := &post{from: a.from, company: company}
	dial := func(within context.Context, _, address string) (line net.Conn, err error) {
		if line, err = s.cfg.Calls.Line(within, provider, address, s.cfg.Roots); err == nil {
			p.line.Store(&line)
		}
		return line, err
	}
	host, number, err := net.SplitHostPort(a.host)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	p.client, err = gomail.NewClient(host, gomail.WithPort(port), gomail.WithSSL(), gomail.WithDialContextFunc(dial), gomail.WithTimeout(sendTime), gomail.WithHELO("localhost"),
		gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin), gomail.WithUsername(a.user), gomail.WithPassword(a.password))
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, p.close)()
	if err := p.client.DialWithContext(ctx); err != nil {
		p.close()
		return nil, failed(err)
	}
	return p, nil
}

// close ends the connection at once: the mails that were taken are taken, with or without a goodbye.
func (p *post) close() {
	if line := p.line.Load(); line != nil {
		_ = (*line).Close()
	}
}

// send hands one mail over, unless ctx ends before. The name is its Message-ID before the @: who gets it twice can tell by
// that.
func (p *post) send(ctx context.Context, c content, name string) (messageID string, err error) {
	_, domain, _ := strings.Cut(p.from, "@")
	messageID = name + "@" + domain
	m, err := p.message(c, messageID, endpoint.Now(ctx))
	if err != nil {
		return "", err
	}
	defer context.AfterFunc(ctx, p.close)()
	if err := p.client.Send(m); err != nil && !m.IsDelivered() {
		return "", failed(err)
	}
	return messageID, nil
}

// errAddress says that a mail has an address which is none or is refused, without it.
var errAddress = errors.New("an address of the mail is none, or is refused for good")

func (p *post) message(c content, id string, now time.Time) (*gomail.Msg, error) {
	text, html, err := c.Letter.render(p.company)
	if err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&netmail.Address{Name: p.company, Address: p.from})
	if m.To(c.To...) != nil || m.Cc(c.Cc...) != nil || m.Bcc(c.Bcc...) != nil {
		return nil, errAddress
	}
	m.Subject(field.Tidy(c.Letter.Subject)) // one line, whatever is stored as the name of a property
	m.SetMessageIDWithValue(id)
	m.SetDateWithValue(now)
	if !c.Letter.ByPerson {
		m.SetGenHeader("Auto-Submitted", "auto-generated")
	}
	m.SetBodyString(gomail.TypeTextPlain, text)
	m.AddAlternativeString(gomail.TypeTextHTML, html)
	return m, nil
}

// failed says how a mail, or logging in, ended. What the library and the server say of it names addresses, and is left
// out.
func failed(err error) error {
	var known *outbound.Error
	if errors.As(err, &known) {
		return known
	}
	var said *textproto.Error
	var sending *gomail.SendError
	var slow net.Error
	e := &outbound.Error{Provider: provider, Outcome: outbound.Unreachable}
	switch {
	case errors.As(err, &said):
		e.Status = said.Code
	case errors.As(err, &sending):
		e.Status = sending.ErrorCode()
	case errors.As(err, &slow) && slow.Timeout():
		e.Outcome = outbound.TimedOut
	}
	switch {
	case e.Status == 530, e.Status == 534, e.Status == 535, e.Status == 538:
		e.Outcome = outbound.NoKey
	case e.Status == 421, e.Status == 452, sending != nil && sending.EnhancedStatusCode() == usedUp:
		e.Outcome, e.RetryAfter = outbound.Limited, time.Minute
	case e.Status >= 500 && sending != nil && sending.Reason == gomail.ErrSMTPRcptTo:
		e.Outcome = outbound.Refused
		return errors.Join(e, errAddress)
	case e.Status >= 500:
		e.Outcome = outbound.Refused
	case e.Status >= 400:
		e.Outcome = outbound.Failed
	}
	return e
}

// usedUp is how Gmail says, with a status that is else for good, that the account has sent all that it may today.
const usedUp = "5.4.5"
