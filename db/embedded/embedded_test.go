//go:build linux || darwin

package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestStart_ColdThenWarmKeepsData(t *testing.T) {
	t.Parallel()
	data := newData(t)

	begun := time.Now()
	s := start(t, Config{Data: data})
	t.Logf("cold start: %s", time.Since(begun).Round(time.Millisecond))
	query(t, s.URL("postgres"), "create table kept as select 'Ünser' as word")
	url := s.URL("postgres")
	begun = time.Now()
	stop(t, s)
	t.Logf("stop: %s", time.Since(begun).Round(time.Millisecond))

	begun = time.Now()
	s = start(t, Config{Data: data})
	t.Logf("warm start: %s", time.Since(begun).Round(time.Millisecond))
	if got := query(t, s.URL("postgres"), "select word from kept"); got != "Ünser" {
		t.Errorf("after a warm start the table holds %q", got)
	}
	if s.URL("postgres") != url {
		t.Error("the port or the password changed between two starts")
	}
	if got := query(t, url, "show server_version_num"); !strings.HasPrefix(got, strconv.Itoa(s.Major())) {
		t.Errorf("Major is %d, the server says %s", s.Major(), got)
	}
}

func TestStart_Properties(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Data: newData(t), Settings: map[string]string{
		"max_connections": "20", "listen_addresses": "*", "unix_socket_directories": "/tmp",
	}})

	want := map[string]string{
		"show data_checksums":                          "on",
		"show listen_addresses":                        "127.0.0.1",
		"show unix_socket_directories":                 "",
		"show password_encryption":                     "scram-sha-256",
		"show timezone":                                "UTC",
		"show log_parameter_max_length":                "0",
		"show server_encoding":                         "UTF8",
		"show max_connections":                         "20",
		"select min(w) from unnest('{a,B}'::text[]) w": "B",
		"select datcollate from pg_database where datname = 'template1'":                "C",
		"select string_agg(distinct auth_method, ' ') from pg_hba_file_rules":           "scram-sha-256",
		"select left(rolpassword, 14) from pg_authid where rolname = 'postgres'":        "SCRAM-SHA-256$",
		"select count(*)::text from pg_database where datctype not in ('C', 'C.UTF-8')": "0",
	}
	for sql, value := range want {
		if got := query(t, s.URL("postgres"), sql); got != value {
			t.Errorf("%s: got %q, want %q", sql, got, value)
		}
	}
}

func TestStart_PasswordIsNeededAndKept(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	s := start(t, Config{Data: data})

	wrong := strings.Replace(s.URL("postgres"), s.password, "guessed", 1)
	_, err := pgx.Connect(t.Context(), wrong)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "28P01" {
		t.Errorf("a wrong password: got %v, want SQLSTATE 28P01", err)
	}
	for _, name := range []string{"password", lockName, logName} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", name, info, err)
		}
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", s, s, s, s); strings.Contains(shown, s.password) {
		t.Error("formatting the server shows the password")
	}

	stop(t, s)
	if err := os.Remove(filepath.Join(data, "password")); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Config{Data: data}); err == nil || !strings.Contains(err.Error(), "password") {
		t.Errorf("without the password file: got %v", err)
	}
}

func TestStart_SecondIsRefusedWhileFirstRuns(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	s := start(t, Config{Data: data})

	_, err := tryStart(t, Config{Data: data})
	if !errors.Is(err, ErrRunning) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("got %v, want ErrRunning with our process id", err)
	}
	query(t, s.URL("postgres"), "select 1")

	stop(t, s)
	stop(t, start(t, Config{Data: data}))
}

func TestStart_OneOfManyWins(t *testing.T) {
	t.Parallel()
	data := newData(t)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { _, errs[i] = tryStart(t, Config{Data: data}) })
	}
	wg.Wait()

	var won int
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrRunning) {
			t.Errorf("a loser got %v, want ErrRunning", err)
		}
	}
	if won != 1 {
		t.Errorf("%d starts won, want 1", won)
	}
}

func TestStart_ForeignDirectoryIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"someone's files":   "letters/mother.txt",
		"a bare cluster":    "PG_VERSION",
		"not our cluster":   clusterName + "/PG_VERSION",
		"an empty-ish file": ".hidden",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := newData(t)
			writeFile(t, filepath.Join(data, file), strconv.Itoa(binaries(t).Major))
			before := snapshot(t, data)

			if _, err := tryStart(t, Config{Data: data}); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), data) {
				t.Errorf("got %v, want ErrForeign with the path", err)
			}
			if diff := cmp.Diff(before, snapshot(t, data)); diff != "" {
				t.Errorf("the directory changed:\n%s", diff)
			}
		})
	}
}

func TestStart_WrongMajorIsLeftAlone(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	version := filepath.Join(data, clusterName, "PG_VERSION")

	for text, want := range map[string]error{"9\n": ErrMajor, "99\n": ErrMajor, "": ErrForeign} {
		writeFile(t, version, text)
		before := snapshot(t, filepath.Join(data, clusterName))
		if _, err := tryStart(t, Config{Data: data}); !errors.Is(err, want) {
			t.Errorf("PG_VERSION %q: got %v, want %v", text, err, want)
		}
		if diff := cmp.Diff(before, snapshot(t, filepath.Join(data, clusterName))); diff != "" {
			t.Errorf("PG_VERSION %q: the cluster changed:\n%s", text, diff)
		}
	}

	writeFile(t, version, strconv.Itoa(binaries(t).Major)+"\n")
	start(t, Config{Data: data})
}

func TestStart_Ports(t *testing.T) {
	t.Parallel()
	data := newData(t)
	stop(t, start(t, Config{Data: data}))
	last, err := os.ReadFile(filepath.Join(data, "port"))
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(last)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	_, err = tryStart(t, Config{Data: data, Port: port})
	if err == nil || !strings.Contains(err.Error(), "port "+strconv.Itoa(port)) {
		t.Errorf("a taken port: got %v, want an error that names it", err)
	}

	s := start(t, Config{Data: data})
	if s.Port() == port {
		t.Error("the port of last time is taken, and yet it was chosen")
	}
	query(t, s.URL("postgres"), "select 1")
}

func TestStart_FailureShowsTheLog(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	_, err := tryStart(t, Config{Data: data, Settings: map[string]string{"work_mem": "plenty"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "work_mem"`) {
		t.Errorf("got %v, want the server's own words", err)
	}
	start(t, Config{Data: data})
}

func TestStart_CancelledLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	data := newData(t)
	for _, after := range []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(after, cancel)
		s, err := Start(ctx, binaries(t), Config{Data: data, Settings: map[string]string{"fsync": "off"}})
		if err == nil { // it was faster
			stop(t, s)
		} else if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %s: %v", after, err)
		}
		cancel()
	}
	stop(t, start(t, Config{Data: data}))
}

func TestStart_LeftoverOfInterruptedInitdb(t *testing.T) {
	t.Parallel()
	data := newData(t)
	writeFile(t, filepath.Join(data, lockName), "1\n")
	writeFile(t, filepath.Join(data, asidePrefix+"1", "base", "half"), "…")
	writeFile(t, filepath.Join(data, asidePrefix+"1", "PG_VERSION"), "9\n")

	s := start(t, Config{Data: data})
	query(t, s.URL("postgres"), "select 1")
	if left, err := filepath.Glob(filepath.Join(data, asidePrefix+"*")); len(left) > 0 || err != nil {
		t.Errorf("still there: %v, %v", left, err)
	}
}

func TestStart_FilesOutsideAreNotReachedThroughLinks(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	outside := filepath.Join(filepath.Dir(data), "outside")
	writeFile(t, outside, "precious")
	if err := os.Remove(filepath.Join(data, lockName)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(data, lockName)); err != nil {
		t.Fatal(err)
	}

	if _, err := tryStart(t, Config{Data: data}); err == nil {
		t.Error("a lock file that is a link to elsewhere was accepted")
	}
	if text, err := os.ReadFile(outside); string(text) != "precious" {
		t.Errorf("the file outside now holds %q, %v", text, err)
	}
}

func TestStop_TwiceAndDone(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Data: newCluster(t)})
	if closed(s.Done()) {
		t.Fatal("Done is closed while the server runs")
	}
	conn, err := pgx.Connect(t.Context(), s.URL("postgres")) // an open session does not hold Stop up
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())

	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
			if !closed(s.Done()) || s.Err() != nil {
				t.Errorf("after Stop: Done closed is %t, Err is %v", closed(s.Done()), s.Err())
			}
		})
	}
	wg.Wait()
}

// Linux ends the server when the thread that started it dies; threads of a Go program come and go.
func TestStart_OutlivesThreads(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Data: newCluster(t)})
	for range 10 {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				runtime.LockOSThread() // without an unlock the thread dies with the goroutine
				time.Sleep(time.Millisecond)
			})
		}
		wg.Wait()
	}

	query(t, s.URL("postgres"), "select 1")
	if closed(s.Done()) {
		t.Errorf("the server has ended: %v", s.Err())
	}
}
