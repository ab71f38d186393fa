package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// oldPages says where the old pages are, and at which address they are served: an origin of their own, or none.
type oldPages struct {
	Dir    string `env:"PORTAL_OLD_PAGES_DIR"`
	Listen string `env:"PORTAL_OLD_PAGES_LISTEN"`
}

// A front is where the portal is served.
type front struct {
	net.Listener
	old net.Listener // of the old pages; nil where they are not served
}

// openFront listens at the portal's address and, where the environment says so, at that of the old pages.
func openFront(ctx context.Context, address string, old oldPages) (f front, err error) {
	if err := old.check(address); err != nil {
		return f, err
	}
	if f.Listener, err = listen(ctx, "the portal", address, "--listen"); err != nil || old.Dir == "" {
		return f, err
	}
	if f.old, err = listen(ctx, "the old pages", old.Listen, "PORTAL_OLD_PAGES_LISTEN"); err != nil {
		return f, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f front) close() {
	_ = f.Close() // by the server, too
	if f.old != nil {
		_ = f.old.Close()
	}
}

// check refuses half of the settings, a directory that is none, and the portal's own address.
func (o oldPages) check(address string) error {
	if o == (oldPages{}) {
		return nil
	}
	if o.Dir == "" || o.Listen == "" {
		return errors.New("PORTAL_OLD_PAGES_DIR and PORTAL_OLD_PAGES_LISTEN go together, and one of them is not set")
	}
	if info, err := os.Stat(o.Dir); err != nil || !info.IsDir() {
		return fmt.Errorf("PORTAL_OLD_PAGES_DIR: %s is no directory", o.Dir)
	}
	if sameAddress(o.Listen, address) {
		return fmt.Errorf("PORTAL_OLD_PAGES_LISTEN: %s is the portal's own address; the old pages need an origin of their own", o.Listen)
	}
	return nil
}

// sameAddress tells whether two addresses to listen on are one, as far as their texts tell: a port of all hosts is that of
// each. What is not seen here is refused by the system.
func sameAddress(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil {
		return a == b
	}
	if portA != portB || portA == "0" { // the system gives each another port
		return false
	}
	all := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	loopback := func(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }
	return all(hostA) || all(hostB) || strings.EqualFold(hostA, hostB) || loopback(hostA) && loopback(hostB)
}
