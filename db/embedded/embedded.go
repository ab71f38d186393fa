// Package embedded runs a PostgreSQL server of the portal's own from the programs installed on this
// machine, and has the distribution's package manager install them where it is asked to (Install). It owns
// the cluster's directory, its password, its port and the server process, and knows nothing of the portal's
// schema. It never deletes a cluster: whatever it does not recognise it refuses, and says what to do.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "postgres"
	host      = "127.0.0.1"

	startWithin   = time.Minute
	recoverWithin = 30 * time.Minute // a large write-ahead log on a slow disk
	stopWithin    = time.Minute      // the fast shutdown's last checkpoint
	quitWithin    = 10 * time.Second
	pollEvery     = 20 * time.Millisecond
)

// Config says where the server lives and how it runs. Only Data is required.
type Config struct {
	// Data is the directory of this package: the cluster, its password, its log. At the first start it
	// must be absent or empty; other files of the portal may be put beside ours afterwards.
	Data string
	// Port is the TCP port on 127.0.0.1. At 0 it is the port of last time if that is still free, else any
	// free one.
	Port int
	// Settings are further server settings ("fsync": "off" in tests). They win over this package's
	// defaults, but cannot move the server off 127.0.0.1 or give it a Unix socket.
	Settings map[string]string
	// Say receives one line for each step that may take a while. It may be nil.
	Say func(string)
}

// A Server is a running PostgreSQL server, a child of this process. Its methods may be called concurrently.
type Server struct {
	dir      *directory
	major    int
	port     int
	password string

	cmd      *exec.Cmd
	exited   chan struct{}
	exit     error // of the process; readable once exited is closed
	stop     sync.Once
	stopping chan struct{}
	stopErr  error
}

// Start runs the cluster in cfg.Data with bin, creating it first if there is none, and returns once the
// server has answered a query. ctx bounds the start only: afterwards the server runs until Stop, or until
// this process dies. A server left behind by a portal that was killed is stopped cleanly first.
//
// The error is ErrRunning if another portal holds the directory; ErrForeign if the directory is not ours;
// ErrMajor if bin cannot run the cluster. In these cases no data has been touched. If the server
// itself failed, the error ends in the last lines of its log.
func Start(ctx context.Context, bin Binaries, cfg Config) (*Server, error) {
	if cfg.Say == nil {
		cfg.Say = func(string) {}
	}
	dir, err := openDirectory(cfg.Data)
	if err != nil {
		return nil, err
	}

	s, err := startIn(ctx, dir, bin, cfg)
	if err != nil {
		dir.close()
		return nil, err
	}
	return s, nil
}

func startIn(ctx context.Context, dir *directory, bin Binaries, cfg Config) (*Server, error) {
	if err := dir.prepare(ctx, bin, cfg); err != nil {
		return nil, err
	}
	password, err := dir.password()
	if err != nil {
		return nil, err
	}
	within := startWithin
	if dir.crashed(ctx, bin) {
		cfg.Say("recovering: the database was not shut down cleanly")
		within = recoverWithin
	}

	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		port, err := dir.choosePort(cfg.Port)
		if err != nil {
			return nil, err
		}
		s := &Server{dir: dir, major: bin.Major, port: port, password: password}
		err = s.run(ctx, bin, cfg.Settings)
		if err == nil {
			return s, nil
		}
		if !retriable(err, cfg) || !sleep(ctx, 10*pollEvery) {
			return nil, err
		}
	}
}

// retriable tells whether a failed start may succeed by itself: the free port was taken by someone else in
// the meantime, or backends of a killed server have not noticed yet that it is gone.
func retriable(err error, cfg Config) bool {
	text := err.Error()
	return cfg.Port == 0 && strings.Contains(text, "could not bind") || strings.Contains(text, "pre-existing shared memory block")
}

// run starts the process and waits until it answers; on an error no process is left.
func (s *Server) run(ctx context.Context, bin Binaries, settings map[string]string) error {
	log, err := s.dir.newLog()
	if err != nil {
		return err
	}
	defer log.Close()

	s.cmd = s.dir.command(bin, "postgres", serverArgs(s.dir.cluster(), s.port, settings)...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.launch(); err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		_ = s.terminate() // adds nothing to why the start failed
		return err
	}
	return s.dir.write("port", strconv.Itoa(s.port))
}

// launch starts the process from a thread that lives as long as the process does. Linux ends the server
// when the *thread* that started it dies, which must therefore happen with this program and not before.
func (s *Server) launch() error {
	s.exited, s.stopping = make(chan struct{}), make(chan struct{})
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		err := s.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		s.exit = s.cmd.Wait()
		close(s.exited)
	}()
	return <-started
}

// serverArgs puts the caller's settings over the defaults, and under what keeps the server private.
func serverArgs(cluster string, port int, settings map[string]string) []string {
	all := map[string]string{
		"shared_buffers":           "128MB",
		"max_connections":          "100",
		"timezone":                 "UTC",
		"log_timezone":             "UTC",
		"password_encryption":      "scram-sha-256",
		"log_parameter_max_length": "0", // values of statements are tenants' data
	}
	maps.Copy(all, settings)
	maps.Copy(all, map[string]string{
		"listen_addresses":        host,
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": "",
		"logging_collector":       "off", // the log is our file
		"log_destination":         "stderr",
	})

	args := []string{"-D", cluster}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", name+"="+all[name])
	}
	return args
}

// awaitReady returns once a connection with our password has answered a query. It asks only after the
// server has said that it is ready, so that a recovery does not fill the log with refused connections.
func (s *Server) awaitReady(ctx context.Context) error {
	var last error
	for {
		if s.dir.saysReady(s.cmd.Process.Pid) {
			if last = s.ping(ctx); last == nil {
				return nil
			}
		}
		select {
		case <-s.exited:
			return fmt.Errorf("PostgreSQL did not start (%w)%s", s.exit, s.dir.logTail())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("PostgreSQL was not ready in time: %w%s", ctx.Err(), s.dir.logTail()), last)
		case <-time.After(pollEvery):
		}
	}
}

func (s *Server) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return conn.Ping(ctx)
}

// URL is the superuser's connection URL for a database. It holds the password: it is not for logs.
func (s *Server) URL(database string) string { return connectionURL(s.password, s.port, database) }

func connectionURL(password string, port int, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, password),
		Host:     net.JoinHostPort(host, strconv.Itoa(port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// URLIn is the superuser's connection URL for a database of the server that another process runs, or last
// ran, in a data directory. Whether it answers is not looked at.
func URLIn(data, database string) (string, error) {
	path, err := DataDir(data)
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return "", fmt.Errorf("no database has been started in %s", path)
	}
	defer root.Close()
	d := directory{path: path, root: root}
	password, err := d.password()
	if err != nil {
		return "", err
	}
	port, err := d.lastPort()
	if err != nil {
		return "", fmt.Errorf("no database has been started in %s", path)
	}
	return connectionURL(password, port, database), nil
}

// Major is the server's major version.
func (s *Server) Major() int { return s.major }

// Port is the port on 127.0.0.1 that the server listens on.
func (s *Server) Port() int { return s.port }

// String names the server without its password.
func (s *Server) String() string {
	return fmt.Sprintf("PostgreSQL %d on %s:%d (%s)", s.major, host, s.port, s.dir.path)
}

// GoString is String, so that %#v does not show the password either.
func (s *Server) GoString() string { return s.String() }

// Done is closed when the server process has ended: by itself, when Err says why, or through Stop.
func (s *Server) Done() <-chan struct{} { return s.exited }

// Err says how the server ended by itself, with the end of its log. It is nil while the server runs, and
// if Stop ended it.
func (s *Server) Err() error {
	if closed(s.stopping) || !closed(s.exited) {
		return nil
	}
	return fmt.Errorf("PostgreSQL has ended by itself (%v)%s", s.cmd.ProcessState, s.dir.logTail())
}

// Stop shuts the server down: it ends all sessions, writes everything to disk, and frees the directory for
// the next Start. Only the first call acts; every call returns when that one is finished, and with its
// result. An error means that the server had to be killed, and that the next Start will recover.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		s.stopErr = s.terminate()
		s.dir.close()
	})
	return s.stopErr
}

// terminate ends the process, the harder the longer it takes, and returns when it has ended.
func (s *Server) terminate() error {
	if closed(s.exited) {
		return nil
	}
	close(s.stopping)

	for _, step := range []struct {
		signal os.Signal
		wait   time.Duration
	}{{syscall.SIGINT, stopWithin}, {syscall.SIGQUIT, quitWithin}, {os.Kill, quitWithin}} {
		_ = s.cmd.Process.Signal(step.signal) // fails only when the process has just ended
		select {
		case <-s.exited:
			if step.signal == syscall.SIGINT && s.exit == nil {
				return nil
			}
			return fmt.Errorf("PostgreSQL did not shut down cleanly (%v)%s", s.cmd.ProcessState, s.dir.logTail())
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("PostgreSQL (process %d) cannot be ended", s.cmd.Process.Pid)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// sleep waits for d and tells whether ctx still allows going on.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
