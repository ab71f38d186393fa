package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"contractor-portal/db"
)

// Line opens a connection under TLS to a company that speaks another protocol than HTTP, for whoever speaks it. The
// certificate is verified for the host of the address, by roots, or the machine's where they are nil; the address that
// the host leads to is public or allowed, as for every call. A proxy is asked for nothing here. Every error is an *Error.
func (c *Calls) Line(ctx context.Context, provider, address string, roots *x509.CertPool) (net.Conn, error) {
	line, err := c.line(ctx, address, roots)
	if err != nil {
		failed := (&Provider{name: provider}).failed(err)
		count(provider, failed.Outcome)
		return nil, failed
	}
	count(provider, OK)
	return line, nil
}

func (c *Calls) line(ctx context.Context, address string, roots *x509.CertPool) (net.Conn, error) {
	if db.Inside(ctx) {
		return nil, errWaiting
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errNoAddress
	}
	dialer := &tls.Dialer{
		NetDialer: &net.Dialer{Timeout: dialTime, Control: c.guard.Safe},
		Config:    &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: roots},
	}
	ctx, cancel := context.WithTimeout(ctx, 2*dialTime)
	defer cancel()
	line, err := dialer.DialContext(ctx, "tcp", address)
	var unverified *tls.CertificateVerificationError
	if errors.As(err, &unverified) {
		return nil, errUnverified
	}
	return line, err
}
