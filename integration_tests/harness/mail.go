package harness

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Mail is one that a Post took.
type Mail struct {
	User    string // who was logged in
	From    string // of the envelope, and so is To
	To      []string
	Header  netmail.Header
	Subject string // decoded
	Text    string
	HTML    string
	Raw     string
}

// A Post is a mail provider of a test's own: SMTP under TLS, for accounts that it knows, whose name is what they may send
// from.
type Post struct {
	Address string         // host and port
	Roots   *x509.CertPool // who vouches for it

	t        testing.TB
	mu       sync.Mutex
	accounts map[string]string // passwords by user
	refuse   func(user, command, argument string) error
	logins   []string // every try
	mails    []Mail
	sessions int
}

// The account that an operator gives to all companies in tests.
const (
	PostUser     = "office@example.com"
	PostPassword = "operators-app-password"
)

// NewPost serves until the test ends, with the operator's account.
func NewPost(t testing.TB) *Post { t.Helper(); return NewPostOf(t, "127.0.0.1") }

// NewPostOf has the certificate of another host.
func NewPostOf(t testing.TB, host string) *Post {
	t.Helper()
	p := &Post{t: t, accounts: map[string]string{PostUser: PostPassword}, Roots: authority().pool}
	t.Cleanup(p.serve(authority().issue(host)))
	return p
}

// usualPost is where the portals send whose test does not care for mails.
var usualPost = sync.OnceValue(func() *Post {
	p := &Post{accounts: map[string]string{PostUser: PostPassword}, Roots: authority().pool}
	p.serve(authority().issue("127.0.0.1"))
	return p
})

// serve begins, and returns what ends it.
func (p *Post) serve(certificate tls.Certificate) (end func()) {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		panic(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(p.greet))
	server.Domain, server.EnableSMTPUTF8, server.ReadTimeout = "post.example", true, time.Minute
	server.ErrorLog = log.New(io.Discard, "", 0)
	p.Address = listener.Addr().String()
	go server.Serve(listener) //nolint:errcheck // it ends with the test
	return func() { _ = server.Close() }
}

// Over lets a portal send by it: companies' accounts as well as the operator's.
func (p *Post) Over(s *Settings) {
	s.Server.Mail.Gmail, s.Server.Mail.Host, s.Server.Mail.Roots = p.Address, "", p.Roots
	s.Server.ServiceKeys = map[string]string{"gmail_address": PostUser, "gmail_app_password": PostPassword}
}

// Knows opens an account.
func (p *Post) Knows(user, password string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.accounts[user] = password
}

// Refuses has every command looked at: AUTH, MAIL, RCPT and DATA, each with what it is about; nil: none is.
func (p *Post) Refuses(by func(user, command, argument string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = by
}

// Refusal is an answer such as 550.
func Refusal(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: text}
}

// Mails are those that were taken since the last time.
func (p *Post) Mails() []Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	mails := p.mails
	p.mails = nil
	return mails
}

// Taken waits until so many mails were taken, and returns them; more are a failure of the test.
func (p *Post) Taken(n int) []Mail {
	p.t.Helper()
	WaitFor(p.t, "mails", func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.mails) >= n })
	mails := p.Mails()
	if len(mails) != n {
		p.t.Fatalf("%d mails were taken, want %d", len(mails), n)
	}
	return mails
}

// Logins are all tries to log in since the last time, as user and password.
func (p *Post) Logins() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	logins := p.logins
	p.logins = nil
	return logins
}

// Sessions counts the connections.
func (p *Post) Sessions() int { p.mu.Lock(); defer p.mu.Unlock(); return p.sessions }

func (p *Post) greet(*smtp.Conn) (smtp.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions++
	return &postal{post: p}, nil
}

// A postal is one connection.
type postal struct {
	post *Post
	user string
	mail Mail
}

func (s *postal) refused(command, argument string) error {
	s.post.mu.Lock()
	by := s.post.refuse
	s.post.mu.Unlock()
	if by == nil {
		return nil
	}
	return by(s.user, command, argument)
}

func (s *postal) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *postal) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if err := s.refused("AUTH", user); err != nil {
			return err
		}
		s.post.mu.Lock()
		defer s.post.mu.Unlock()
		s.post.logins = append(s.post.logins, user+" "+password)
		if known, ok := s.post.accounts[user]; !ok || known != password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *postal) Mail(from string, _ *smtp.MailOptions) error {
	if s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.mail = Mail{User: s.user, From: from}
	return s.refused("MAIL", from)
}

func (s *postal) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = append(s.mail.To, to)
	return s.refused("RCPT", to)
}

func (s *postal) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.refused("DATA", string(raw)); err != nil {
		return err
	}
	m := s.mail
	m.Raw = string(raw)
	if err := m.read(); err != nil && s.post.t != nil {
		s.post.t.Errorf("a mail cannot be read: %v\n%s", err, raw)
	}
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.mails = append(s.post.mails, m)
	return nil
}

func (*postal) Reset()        {}
func (*postal) Logout() error { return nil }

// read takes a mail apart, which has a text and an HTML form.
func (m *Mail) read() error {
	message, err := netmail.ReadMessage(strings.NewReader(m.Raw))
	if err != nil {
		return err
	}
	m.Header = message.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	for parts := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = string(text)
		} else {
			m.Text = string(text)
		}
	}
}

// An issuer is the authority that vouches for the hosts of tests.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
}

var authority = sync.OnceValue(newIssuer)

func newIssuer() *issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	i := &issuer{key: key, pool: x509.NewCertPool()}
	i.certificate = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of tests"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	text, err := x509.CreateCertificate(rand.Reader, i.certificate, i.certificate, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	if i.certificate, err = x509.ParseCertificate(text); err != nil {
		panic(err)
	}
	i.pool.AddCert(i.certificate)
	return i
}

// issue makes a certificate for a host, a name or an address.
func (i *issuer) issue(host string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if address := net.ParseIP(host); address != nil {
		c.IPAddresses = []net.IP{address}
	} else {
		c.DNSNames = []string{host}
	}
	text, err := x509.CreateCertificate(rand.Reader, c, i.certificate, &key.PublicKey, i.key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{text}, PrivateKey: key}
}
