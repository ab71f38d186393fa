package harness

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// A MariaDB is a database of the old portal's kind, of a server that the tests of a package share.
type MariaDB struct {
	*sql.DB
	Name string
	// DSN is what portal import mysql takes, of a person who may read and nothing else.
	DSN     string
	Address string // host:port
}

// NewMariaDB makes an empty database, dropped when the test ends. Without a server it is NotTested.
func NewMariaDB(t testing.TB) MariaDB {
	t.Helper()
	if _, err := exec.LookPath("mariadbd"); err != nil {
		NotTested(t, "the import from MySQL, since there is no MariaDB (Debian: mariadb-server-core)")
	}
	server, err := theMariaDB()
	if err != nil {
		t.Fatal(err)
	}
	root := server.open(t, "")
	name := UniqueName("legacy")
	statements := []string{
		"create database " + name + " character set utf8mb4 collate utf8mb4_unicode_ci",
		"grant select on " + name + ".* to 'importer'@'%'",
	}
	for _, s := range statements {
		if _, err := root.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if _, err := root.ExecContext(context.WithoutCancel(t.Context()), "drop database "+name); err != nil {
			t.Error(err)
		}
	})
	c := server.config("importer", MariaDBPassword, name)
	return MariaDB{DB: server.open(t, name), Name: name, DSN: c.FormatDSN(), Address: c.Addr}
}

// MariaDBPassword is that of importer, whom each DSN names.
const MariaDBPassword = "importer-of-the-tests"

// Run runs statements, as a superuser whose session takes what old servers took: zero dates, texts that are too long.
func (m MariaDB) Run(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := m.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%.200s: %v", s, err)
		}
	}
}

// mariaDB is a running server.
type mariaDB struct {
	port int
}

var (
	theMariaDB  = sync.OnceValues(startMariaDB)
	stopMariaDB = func() error { return nil }
)

func (s mariaDB) config(user, password, name string) *mysql.Config {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.DBName = user, password, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), name
	return c
}

func (s mariaDB) open(t testing.TB, name string) *sql.DB {
	t.Helper()
	c := s.config("root", "", name)
	c.Params = map[string]string{"sql_mode": "''"}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// startMariaDB starts a server on a directory of its own, which ends with this program however that ends: its keeper
// reads until nobody is left who could write.
func startMariaDB() (s mariaDB, err error) {
	dir, err := os.MkdirTemp("", "portal-mariadb-")
	if err != nil {
		return s, err
	}
	data := filepath.Join(dir, "data")
	user := "--user=" + os.Getenv("USER")
	if os.Getuid() == 0 {
		user = "--user=root"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	made, err := exec.CommandContext(ctx, "mariadb-install-db", "--no-defaults", user, "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db").CombinedOutput() //nolint:gosec // our own arguments
	if err != nil {
		return s, fmt.Errorf("mariadb-install-db: %w\n%s", err, made)
	}
	if s.port, err = freePort(); err != nil {
		return s, err
	}
	log, err := os.Create(filepath.Join(dir, "log")) //nolint:gosec // a directory of our own
	if err != nil {
		return s, err
	}
	defer log.Close() //nolint:errcheck // the server has it too
	const keeper = `"$@" </dev/null & server=$!; cat >/dev/null; kill $server; wait $server`
	cmd := exec.Command("sh", "-c", keeper, "sh", "mariadbd", "--no-defaults", user, "--datadir="+data, //nolint:gosec,noctx // lives as long as the program
		"--socket="+filepath.Join(dir, "socket"), "--bind-address=127.0.0.1", "--port="+strconv.Itoa(s.port), "--pid-file="+filepath.Join(dir, "pid"),
		"--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=64M", "--innodb-buffer-pool-size=128M", "--performance-schema=0", "--skip-name-resolve")
	cmd.Stdout, cmd.Stderr = log, log
	end, err := cmd.StdinPipe()
	if err != nil {
		return s, err
	}
	if err := cmd.Start(); err != nil {
		return s, err
	}
	stopMariaDB = func() error {
		return errors.Join(end.Close(), ignoreExit(cmd.Wait()), os.RemoveAll(dir))
	}
	if err := s.await(ctx); err != nil {
		text, _ := os.ReadFile(log.Name())
		return s, fmt.Errorf("%w\n%s", err, text)
	}
	return s, nil
}

// ignoreExit passes over how the keeper ended, which had to end its server.
func ignoreExit(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil
	}
	return err
}

// await waits until the server answers, and makes the one who may only read.
func (s mariaDB) await(ctx context.Context) error {
	db, err := sql.Open("mysql", s.config("root", "", "").FormatDSN())
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is lost with it
	for db.PingContext(ctx) != nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("MariaDB does not answer: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	_, err = db.ExecContext(ctx, "create user 'importer'@'%' identified by '"+MariaDBPassword+"'")
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for an instant
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
