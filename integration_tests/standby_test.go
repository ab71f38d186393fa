package integration_tests

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/modules/postgres"
)

// standbyPort is the one on which a container's standby listens beside its primary.
const standbyPort = "5433"

// standbyInside starts a standby in the primary's own container, with which it ends.
func standbyInside(ctx context.Context, c cluster, container *postgres.PostgresContainer) (cluster, error) {
	const script = `PGPASSWORD=$1 pg_basebackup -h 127.0.0.1 -U postgres -D /tmp/standby -R -X stream -c fast &&
		pg_ctl -D /tmp/standby -l /tmp/standby.log -w -o "-p $2 -c listen_addresses=* -c max_connections=300 -c max_prepared_transactions=0 -c fsync=off" start ||
		{ cat /tmp/standby.log; exit 1; }`
	code, out, err := container.Exec(ctx, []string{"sh", "-c", script, "sh", c.secret, standbyPort}, tcexec.Multiplexed(), tcexec.WithUser("postgres"))
	if err != nil {
		return c, err
	}
	text, err := io.ReadAll(out)
	if err != nil || code != 0 {
		return c, fmt.Errorf("a standby ended with %d: %s, %w", code, text, err)
	}
	c.host, err = container.PortEndpoint(ctx, standbyPort+"/tcp", "")
	return c, err
}

// standbyBeside starts a standby of an embedded primary from the same programs.
func standbyBeside(ctx context.Context, c cluster, programs, dir string) (cluster, func() error, error) {
	data := filepath.Join(dir, "standby")
	if _, err := c.client(ctx, "", "postgres", "", "pg_basebackup", "--pgdata="+data, "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"); err != nil {
		return c, nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return c, nil, err
	}
	c.host = listener.Addr().String()
	_, port, _ := net.SplitHostPort(c.host)
	_ = listener.Close()
	cmd := exec.Command(filepath.Join(programs, "postgres"), "-D", data, "-c", "port="+port, "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "max_connections=300", "-c", "fsync=off", "-c", "shared_buffers=32MB")
	if os.Geteuid() == 0 { // as whom PostgreSQL does not run
		account, err := user.Lookup("postgres")
		if err != nil {
			return c, nil, err
		}
		if out, err := exec.CommandContext(ctx, "chown", "-R", account.Username, data).CombinedOutput(); err != nil {
			return c, nil, fmt.Errorf("chown: %w: %s", err, out)
		}
		uid, _ := strconv.ParseUint(account.Uid, 10, 32)
		gid, _ := strconv.ParseUint(account.Gid, 10, 32)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	var log syncBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return c, nil, err
	}
	return c, func() error {
		_ = cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("the standby: %w: %s", err, log.String())
		}
		return nil
	}, nil
}

// TestAttack_OnStandby attacks where nothing can be written: the walls hold there, people enter there, and no
// statement does more than on the primary.
func TestAttack_OnStandby(t *testing.T) {
	t.Parallel()
	if suite.cluster.standby == nil {
		t.Skip("a cluster that was there before gets no standby")
	}
	database := cloneDatabase(t)
	s := besiege(t, database)
	primary := s.second
	standby, err := suite.cluster.standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the standby", func() bool {
		conn, err := pgx.Connect(t.Context(), standby.url("", database))
		if err == nil {
			_ = conn.Close(t.Context())
		}
		return err == nil
	})
	s.route = "standby"
	s.dial = func(role string, params map[string]string) *pgx.Conn {
		return s.connect(standby.url(role, database), params)
	}
	s.app, s.second = s.dial("portal_app", nil), s.dial("portal_app", nil)
	t.Run("standby", func(t *testing.T) {
		t.Parallel()
		campaign{vectors: append(onlyReads(), writesOnStandby(primary))}.wage(t, s)
	})
}

// onlyReads are the vectors that need no write of anybody, not even to be prepared.
func onlyReads() (all []vector) {
	// 36: the owner, whose connection is the primary's; 60: what is heard is written first.
	needPrimary := []int{17, 36, 60, 63, 78, 83, 95, 96}
	for _, v := range slices.Concat(contextVectors(), wallVectors(), functionVectors(), roleVectors()) {
		if slices.Contains(needPrimary, v.number) || strings.HasPrefix(v.name, "serializable") { // which no standby is
			continue
		}
		v.shots = slices.DeleteFunc(slices.Clone(v.shots), func(s shot) bool {
			return !slices.Contains([]string{"select", "explain", "fetch", "call"}, s.command) && v.number != 14
		})
		if len(v.shots) > 0 {
			all = append(all, v)
		}
	}
	return all
}

// writesOnStandby are refused whoever asks; the control is the primary.
func writesOnStandby(primary *pgx.Conn) vector {
	refused := func(command string, on func(table) bool, sql func(table) string) shot {
		return shot{command, on, func(a attempt, of table) {
			var args []any
			if command == "insert" {
				args = []any{a.siege.row(of, companyB)}
			}
			a.refusal("25006", sql(of), args...)
			a.own().reads(a.siege.rows(of, companyA), "select count(*) from "+of.Name)
		}}
	}
	return vector{
		number: 68, name: "writes on a standby", stage: func(s *siege, attack func(tx, inside beginner) error) error {
			return s.inside(primary, func(inside pgx.Tx) error {
				return insideA(s, func(tx, _ beginner) error { return attack(tx, inside) })
			})
		},
		shots: []shot{
			refused("insert", canInsert, func(of table) string { return insertSQL(of, ownColumns(of), "") }),
			refused("update", canUpdate, updateSQL),
			refused("delete", canDelete, func(of table) string { return "delete from " + of.Name }),
		},
	}
}
