package main

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"time"
)

// A network is a proxy on this machine before a database, which holds back what goes through it, so that
// there and back take the round trip longer.
type network struct {
	listener net.Listener
	target   string
	oneWay   time.Duration
}

func newNetwork(ctx context.Context, target string, roundTrip time.Duration) (*network, error) {
	var l net.ListenConfig
	listener, err := l.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &network{listener: listener, target: target, oneWay: roundTrip / 2}
	go n.serve(ctx)
	return n, nil
}

func (n *network) address() string { return n.listener.Addr().String() }

func (n *network) serve(ctx context.Context) {
	for {
		client, err := n.listener.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			var d net.Dialer
			server, err := d.DialContext(ctx, "tcp", n.target)
			if err != nil {
				_ = client.Close()
				return
			}
			go n.pass(server, client)
			n.pass(client, server)
		}()
	}
}

type chunk struct {
	due  time.Time
	data []byte
}

// pass hands on what comes, each piece when it is due. Pieces do not wait for each other.
func (n *network) pass(to, from net.Conn) {
	pieces := make(chan chunk, 1024)
	go func() {
		defer close(pieces)
		for {
			buffer := make([]byte, 64<<10)
			got, err := from.Read(buffer)
			if got > 0 {
				pieces <- chunk{time.Now().Add(n.oneWay), buffer[:got]}
			}
			if err != nil {
				return
			}
		}
	}()
	runtime.LockOSThread() // for pause
	for p := range pieces {
		pause(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil && !errors.Is(err, io.EOF) {
			break
		}
	}
	_ = to.Close()
	_ = from.Close()
}
