package isolation

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// A bouncer is a PgBouncer in transaction mode before the suite's cluster: two connections to the database for
// all its clients.
type bouncer struct{ host string }

const bouncerConfig = `[databases]
* = host=%s port=%s

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %s
pool_mode = transaction
default_pool_size = 2
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
`

// newBouncer starts one until the test ends. Where there is none to be had, the route is not tested, and the
// report says so by its absence, too.
func newBouncer(t *testing.T) bouncer {
	t.Helper()
	program, err := findBouncer()
	if err != nil {
		harness.NotTested(t, fmt.Sprint("attacks through PgBouncer, since there is none: ", err))
	}
	dir, err := os.MkdirTemp("", "portal-bouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var users strings.Builder
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker", "portal_inspector", "portal_auditor"} {
		fmt.Fprintf(&users, "%q %q\n", role, harness.RolePassword)
	}
	host, port, err := net.SplitHostPort(harness.Suite.Cluster.Host)
	if err != nil {
		t.Fatal(err)
	}
	at := freePort(t)
	list, config := filepath.Join(dir, "users"), filepath.Join(dir, "pgbouncer.ini")
	for path, text := range map[string]string{list: users.String(), config: fmt.Sprintf(bouncerConfig, host, port, at, list)} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var log harness.SyncBuffer
	cmd := exec.Command(program, config)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = asNobody() // it refuses to run as root
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	b := bouncer{host: fmt.Sprintf("127.0.0.1:%d", at)}
	harness.WaitFor(t, "PgBouncer", func() bool {
		conn, err := net.DialTimeout("tcp", b.host, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return b
}

// url is the cluster's, through the bouncer, as the server is told to use it.
func (b bouncer) url(role, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, harness.RolePassword), Host: b.host, Path: "/" + database,
		RawQuery: "sslmode=disable&default_query_exec_mode=cache_describe",
	}
	return u.String()
}

var installBouncer sync.Once

// findBouncer installs the distribution's package, where root on Debian has none.
func findBouncer() (string, error) {
	const sbin = "/usr/sbin/pgbouncer" // not everybody's PATH has it
	if _, err := os.Stat(sbin); err == nil {
		return sbin, nil
	}
	if os.Geteuid() == 0 {
		installBouncer.Do(func() {
			fmt.Println(`PgBouncer is not installed: installing the distribution's package "pgbouncer" with apt-get`)
			cmd := exec.Command("sh", "-c", "apt-get -q update && apt-get -q -y install --no-install-recommends pgbouncer")
			cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			if out, err := cmd.CombinedOutput(); err != nil {
				fmt.Printf("apt-get: %v\n%s\n", err, short(string(out), 1000))
			}
		})
	}
	if _, err := os.Stat(sbin); err == nil {
		return sbin, nil
	}
	return exec.LookPath("pgbouncer")
}

// asNobody lends root's child to a user who may nothing; nil for everybody else.
func asNobody() *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil
	}
	uid, _ := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, _ := strconv.ParseUint(nobody.Gid, 10, 32)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// freePort is one that nobody listens on at this moment.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// TestAttack_ThroughPgBouncer attacks on connections that many clients share, one transaction each.
func TestAttack_ThroughPgBouncer(t *testing.T) {
	t.Parallel()
	b := newBouncer(t)
	t.Run("PgBouncer/walls", func(t *testing.T) {
		t.Parallel()
		database := harness.CloneDatabase(t)
		s := besiege(t, database)
		s.route = "PgBouncer"
		s.dial = func(role string, _ map[string]string) *pgx.Conn { return s.connect(b.url(role, database), nil) }
		s.app, s.second = s.dial("portal_app", nil), s.dial("portal_app", nil)
		campaign{vectors: throughBouncer()}.wage(t, s)
	})
	t.Run("PgBouncer/neighbours", func(t *testing.T) {
		t.Parallel()
		neighbours(t, b)
	})
	t.Run("PgBouncer/server", func(t *testing.T) {
		t.Parallel()
		serverBehind(t, b)
	})
}

// throughBouncer are the vectors that leave nothing for the session: what one client sets plainly the next
// finds, whoever it is. Therefore the server sets nothing plainly, and what does so comes last.
func throughBouncer() (all []vector) {
	nowhere := func(number int, name string, st stage) {
		all = append(all, vector{number: number, name: name, stage: st, shots: shotsOutside})
	}
	nowhere(21, "never entered, after others", unentered(""))
	nowhere(2, "empty after a transaction", unentered("-- a unit of work before"))
	nowhere(6, "entered outside of a transaction", autocommitted)
	nowhere(7, "entered on another connection", elsewhere)
	nowhere(8, "entered, and rolled back to a savepoint", takenBack)
	nowhere(19, "after a transaction that failed", afterFailure)
	for _, v := range wallVectors() {
		if v.number != 83 { // begins with a plain SET
			all = append(all, v)
		}
	}
	all = append(all,
		vector{number: 5, name: "after a unit of work in the other company", stage: afterVictim(""), shots: shotsInside},
		vector{number: 9, name: "switched within a transaction", stage: switched, shots: shotsInside},
		vector{number: 9, name: "after a forged entry was refused", stage: afterForgery, shots: shotsInside},
		vector{number: 22, name: "cursors that the other company opened", stage: cursorsOfVictim, shots: []shot{{"fetch", nil, fetch}}},
		vector{number: 24, name: "statements that the other company prepared", stage: preparedByVictim("auto"), shots: shotsPrepared},
		vector{number: 4, name: "the other company set before, plainly, by a neighbour", stage: planted("set app.customer_id = 'BBBB33333'"), shots: shotsInside})
	return all
}

// neighbours are 20 companies on two connections, interleaved: each sees itself where it has entered, and
// nobody where it has not.
func neighbours(t *testing.T, b bouncer) {
	database := harness.CloneDatabase(t)
	super := harness.ConnectAs(t, "", database)
	var companies []string
	var entries []harness.Entry
	for i := range 20 {
		company := fmt.Sprintf("COMP%05d", i)
		entries = append(entries, newCompany(t, super, company))
		companies = append(companies, company)
	}
	cells := make([]*cell, len(companies))
	var all sync.WaitGroup
	for i, company := range companies {
		c := &cell{Route: "PgBouncer", Vector: 21, Name: "20 companies on two connections", Object: company, Command: "select"}
		cells[i] = c
		conn, err := pgx.Connect(t.Context(), b.url("portal_app", database))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
		all.Go(func() {
			const sql = "select coalesce(string_agg(distinct customer_id, ' '), 'nobody') from portal.locations"
			for range 25 {
				var outside, within string
				err := conn.QueryRow(t.Context(), sql).Scan(&outside)
				c.note(false, err == nil && outside == "nobody", sql, outcomeText(outside, err), "nobody")
				e := entries[i]
				batch := &pgx.Batch{}
				batch.Queue(harness.EnterSQL, e.Args()...)
				batch.Queue(sql)
				results := conn.SendBatch(t.Context(), batch)
				_, err = results.Exec()
				if err == nil {
					err = results.QueryRow().Scan(&within)
				}
				_ = results.Close()
				c.note(true, err == nil && within == company, "enter; "+sql, outcomeText(within, err), company)
			}
		})
	}
	all.Wait()
	judge(t, cells)
	// Without two connections for all there would be no neighbours.
	var backends int
	if err := super.QueryRow(t.Context(), "select count(*) from pg_stat_activity where datname = $1 and usename = 'portal_app'", database).Scan(&backends); err != nil || backends > 2 {
		t.Errorf("20 companies had %d connections (%v)", backends, err)
	}
}

func outcomeText(text string, err error) string {
	if err != nil {
		return err.Error()
	}
	return text
}

// newCompany adds a company with one Admin and one property, and answers an entry of his.
func newCompany(t *testing.T, super *pgx.Conn, company string) harness.Entry {
	t.Helper()
	for _, sql := range []string{
		"insert into platform.customers (customer_id, company_name, max_users, max_properties, timezone) values ($1, $1, 9, 9, 'UTC')",
		"insert into portal.users (customer_id, name, email, role, status) values ($1, 'Admin', 'admin@' || lower($1) || '.example', 'Admin', 'active')",
		"insert into portal.locations (customer_id, name, address) values ($1, 'Property 1', '1 Same Street')",
	} {
		if _, err := super.Exec(t.Context(), sql, company); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return harness.NewSession(t, super, "admin@"+strings.ToLower(company)+".example")
}
