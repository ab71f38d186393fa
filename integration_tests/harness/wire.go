package harness

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A Wire stands between server and database, and notes what goes over it.
type Wire struct {
	t        *testing.T
	listener net.Listener

	mu     sync.Mutex
	notes  Traffic
	last   byte                   // direction of the last bytes: '>' to the database, '<' back
	conns  map[net.Conn]struct{}  // the server's ends
	intact func(text string) bool // asked for every message to the database; false cuts the connection
}

// A Traffic is what was sent since the last reset.
type Traffic struct {
	Statements int // Execute or Query
	Prepares   int // Parse
	Syncs      int // Sync, or the one that a Query implies
	Turns      int // how often the server waited for an answer
}

// NewWire listens on an address of its own, and forwards to the cluster.
func NewWire(t *testing.T) *Wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{t: t, listener: listener, conns: map[net.Conn]struct{}{}}
	t.Cleanup(func() { _ = listener.Close() })
	go w.serve()
	return w
}

// Between puts the wire before the database of portal_app, and makes that pool have one connection.
func (w *Wire) Between(s *Settings) {
	s.Database = CloneDatabase(w.t)
	u, err := url.Parse(Suite.Cluster.URL("portal_app", s.Database))
	if err != nil {
		w.t.Fatal(err)
	}
	u.Host = w.listener.Addr().String()
	s.DB.App, s.DB.AppConns = u.String(), 1
}

func (w *Wire) serve() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.forward(client)
	}
}

func (w *Wire) forward(client net.Conn) {
	defer client.Close()
	database, err := net.Dial("tcp", Suite.Cluster.Host)
	if err != nil {
		w.t.Error(err)
		return
	}
	defer database.Close()
	w.mu.Lock()
	w.conns[client] = struct{}{}
	w.mu.Unlock()
	go func() {
		defer client.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := database.Read(buffer)
			w.note('<', 0)
			if _, writeErr := client.Write(buffer[:n]); err != nil || writeErr != nil {
				return
			}
		}
	}()
	for first := true; ; first = false {
		kind, message, err := readMessage(client, first)
		if err != nil {
			return
		}
		w.note('>', kind)
		w.mu.Lock()
		intact := w.intact
		w.mu.Unlock()
		if intact != nil && !intact(string(message)) {
			return
		}
		if _, err := database.Write(message); err != nil {
			return
		}
	}
}

// readMessage reads one message of the frontend protocol; the first has no type.
func readMessage(r io.Reader, first bool) (kind byte, message []byte, err error) {
	head := make([]byte, 5)
	if first {
		head = head[:4]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	if !first {
		kind = head[0]
	}
	size := int(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
	if size < 0 || size > 16<<20 {
		return 0, nil, errors.New("not a message of the protocol")
	}
	message = append(head, make([]byte, size)...)
	_, err = io.ReadFull(r, message[len(head):])
	return kind, message, err
}

func (w *Wire) note(direction, kind byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch kind {
	case 'E':
		w.notes.Statements++
	case 'P':
		w.notes.Prepares++
	case 'S':
		w.notes.Syncs++
	case 'Q':
		w.notes.Statements++
		w.notes.Syncs++
	}
	if direction == '<' && w.last == '>' {
		w.notes.Turns++
	}
	w.last = direction
}

// During returns what went over the wire while fn ran.
func (w *Wire) During(fn func()) Traffic {
	w.mu.Lock()
	w.notes = Traffic{}
	w.mu.Unlock()
	fn()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.notes
}

// CutAt cuts the connection, once, instead of passing on a message that holds the text. It returns how
// often that has happened.
func (w *Wire) CutAt(text string) (times func() int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	cuts := 0
	w.intact = func(message string) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		if cuts == 0 && strings.Contains(message, text) {
			cuts++
			return false
		}
		return true
	}
	return func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return cuts
	}
}
