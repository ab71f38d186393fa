package harness

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	tcexec "github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/modules/postgres"
)

// standbyPort is the one on which a container's standby listens beside its primary.
const standbyPort = "5433"

// standbyInside starts a standby in the primary's own container.
func standbyInside(ctx context.Context, c Cluster, container *postgres.PostgresContainer) (standby Cluster, err error) {
	run := func(ctx context.Context, script string) error {
		code, out, err := container.Exec(ctx, []string{"sh", "-c", script, "sh", c.secret, standbyPort}, tcexec.Multiplexed(), tcexec.WithUser("postgres"))
		if err != nil {
			return err
		}
		text, err := io.ReadAll(out)
		if err == nil && code != 0 {
			err = fmt.Errorf("a standby ended with %d: %s", code, text)
		}
		return err
	}
	const begin = `PGPASSWORD=$1 pg_basebackup -h 127.0.0.1 -U postgres -D /tmp/standby -R -X stream -c fast &&
		pg_ctl -D /tmp/standby -l /tmp/standby.log -w -t 300 -o "-p $2 -c listen_addresses=* -c max_connections=300 -c max_prepared_transactions=0 -c fsync=off -c max_standby_streaming_delay=-1" start ||
		{ cat /tmp/standby.log; exit 1; }`
	if err := run(ctx, begin); err != nil {
		return c, err
	}
	c.stop = func() error {
		return run(context.WithoutCancel(ctx), "pg_ctl -D /tmp/standby -m immediate stop && rm -rf /tmp/standby /tmp/standby.log")
	}
	c.Host, err = container.PortEndpoint(ctx, standbyPort+"/tcp", "")
	return c, err
}

// standbyBeside starts a standby of an embedded primary from the same programs.
func standbyBeside(ctx context.Context, c Cluster, programs string) (Cluster, error) {
	dir, err := openDir()
	if err != nil {
		return c, err
	}
	data := filepath.Join(dir, "standby")
	if _, err := c.Client(ctx, "", "postgres", "", "pg_basebackup", "--pgdata="+data, "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"); err != nil {
		return c, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return c, err
	}
	c.Host = listener.Addr().String()
	_, port, _ := net.SplitHostPort(c.Host)
	_ = listener.Close()
	cmd := exec.Command(filepath.Join(programs, "postgres"), "-D", data, "-c", "port="+port, "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "max_connections=300", "-c", "fsync=off", "-c", "max_standby_streaming_delay=-1", "-c", "shared_buffers=32MB")
	if os.Geteuid() == 0 { // as whom PostgreSQL does not run
		account, err := user.Lookup("postgres")
		if err != nil {
			return c, err
		}
		if out, err := exec.CommandContext(ctx, "chown", "-R", account.Username, data).CombinedOutput(); err != nil {
			return c, fmt.Errorf("chown: %w: %s", err, out)
		}
		uid, _ := strconv.ParseUint(account.Uid, 10, 32)
		gid, _ := strconv.ParseUint(account.Gid, 10, 32)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	var log SyncBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return c, err
	}
	c.stop = func() error {
		_ = cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("the standby: %w: %s", err, log.String())
		}
		return os.RemoveAll(dir)
	}
	return c, nil
}
