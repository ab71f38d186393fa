package embedded

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrMajor means that the cluster was made by another major version than that of the programs at hand.
var ErrMajor = errors.New("wrong major version of PostgreSQL")

// asidePrefix begins the names under which clusters are made; only a whole one gets its real name.
const asidePrefix = clusterName + ".new."

// pidName is the file in which a running server names itself.
const pidName = "postmaster.pid"

// prepare makes the cluster if there is none, and otherwise makes sure that bin may run it and nobody else
// does.
func (d *directory) prepare(ctx context.Context, bin Binaries, cfg Config) error {
	if _, err := d.root.Lstat(clusterName); errors.Is(err, fs.ErrNotExist) {
		cfg.Say("creating the database cluster in " + d.cluster())
		return d.create(ctx, bin, cfg.Settings["fsync"] == "off")
	}

	major, err := clusterMajor(d.cluster())
	if err != nil {
		return fmt.Errorf("%s is no database cluster (%w): %w: move it away", d.cluster(), err, ErrForeign)
	}
	if major != bin.Major {
		return fmt.Errorf("%w: %s was made by %d, %s holds %d: install PostgreSQL %[3]d, or move the data with pg_upgrade, or choose another directory", ErrMajor, d.cluster(), major, bin.Dir, bin.Major)
	}
	return d.clearServer(ctx, cfg.Say)
}

func clusterMajor(cluster string) (int, error) {
	text, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// create makes a cluster aside and renames it when it is whole and on disk. Each attempt has a name of its
// own, since the initdb of a killed portal may still be writing.
func (d *directory) create(ctx context.Context, bin Binaries, volatile bool) error {
	if err := d.newPassword(); err != nil {
		return err
	}
	defer d.sweep()
	aside := asidePrefix + rand.Text()
	err := d.initdb(ctx, bin, aside, "C.UTF-8", volatile)
	if err != nil && strings.Contains(err.Error(), "invalid locale name") { // macOS and old C libraries
		err = d.initdb(ctx, bin, aside, "C", volatile)
	}
	if err != nil {
		return err
	}
	if err := d.root.Rename(aside, clusterName); err != nil {
		return err
	}
	top, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer top.Close()
	return top.Sync()
}

// sweep removes what interrupted attempts left: ours by its name, never started, and the one thing that is
// removed.
func (d *directory) sweep() {
	entries, _ := fs.ReadDir(d.root.FS(), ".")
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), asidePrefix) {
			_ = d.root.RemoveAll(e.Name()) // it harms nobody
		}
	}
}

// initdb makes a cluster that sorts by code point everywhere; ctype decides only which letters lower()
// knows.
func (d *directory) initdb(ctx context.Context, bin Binaries, aside, ctype string, volatile bool) error {
	err := errors.Join(d.root.RemoveAll(aside), d.root.Mkdir(aside, 0o700), d.give(aside))
	if err != nil {
		return err
	}
	cmd := d.command(bin, "initdb", "-D", filepath.Join(d.path, aside), "--username="+superuser,
		"--pwfile="+filepath.Join(d.path, "password"), "--auth=scram-sha-256", "--data-checksums",
		"--encoding=UTF8", "--locale=C", "--lc-ctype="+ctype, "--no-instructions")
	if volatile {
		cmd.Args = append(cmd.Args, "--no-sync")
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out

	runtime.LockOSThread() // see Server.launch
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(os.Interrupt) })()
	if err := cmd.Wait(); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("initdb: %w%s", err, lastLines(out.Bytes(), 10)))
	}
	return nil
}

// command is a program of bin, to run as the server's user. It sees nothing of our environment that could
// steer it (PGDATA, LC_MESSAGES) or that is not its business (our secrets).
func (d *directory) command(bin Binaries, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(bin.program(name), args...) //nolint:noctx // outlives the context of the start
	cmd.Dir = d.path
	cmd.Env = []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.SysProcAttr = childAttr(d.acct)
	return cmd
}

// crashed tells whether the cluster was left without a shutdown, so that the server will recover first.
func (d *directory) crashed(ctx context.Context, bin Binaries) bool {
	cmd := d.command(bin, "pg_controldata", "-D", d.cluster())
	out, err := cmd.Output()
	if err != nil || ctx.Err() != nil {
		return false // the server will say what is wrong
	}
	for line := range strings.Lines(string(out)) {
		if key, value, _ := strings.Cut(line, ":"); key == "Database cluster state" {
			return !strings.HasPrefix(strings.TrimSpace(value), "shut down")
		}
	}
	return false
}

// pidFile reads the process id and, if it is there, the status from the server's pid file; fs.ErrNotExist
// if there is no file, 0 if it holds no process id.
func (d *directory) pidFile() (pid int, status string, err error) {
	text, err := d.root.ReadFile(clusterName + "/" + pidName)
	if err != nil {
		return 0, "", err
	}
	lines := strings.Split(string(text), "\n")
	pid, _ = strconv.Atoi(lines[0])
	if len(lines) > 7 {
		status = strings.TrimSpace(lines[7])
	}
	return pid, status, nil
}

func (d *directory) saysReady(pid int) bool {
	got, status, err := d.pidFile()
	return err == nil && got == pid && status == "ready"
}

// A process is what inspect finds out about a process id.
type process int

const (
	absent  process = iota // there is no such process
	dead                   // a zombie, which to PostgreSQL looks alive
	other                  // alive, and not a server of this cluster
	server                 // the server of this cluster
	unclear                // a PostgreSQL server, but it cannot be seen of which cluster
)

// clearServer stops a server that a killed portal left behind. A pid file that names a process which is no
// server of this cluster is removed, since PostgreSQL would refuse to start; that of a process which is
// gone it handles itself.
func (d *directory) clearServer(ctx context.Context, say func(string)) error {
	pid, _, err := d.pidFile()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	what := other
	if pid > 0 {
		what = inspect(ctx, pid, d.cluster())
	}

	switch what {
	case absent:
		return nil
	case server:
		say(fmt.Sprintf("stopping the PostgreSQL that an earlier portal left behind (process %d)", pid))
		return stopOrphan(ctx, pid, d.cluster())
	case unclear:
		return fmt.Errorf("%w in %s: process %d may be its PostgreSQL: stop it first", ErrRunning, d.path, pid)
	default:
		return d.root.Remove(clusterName + "/" + pidName)
	}
}

func stopOrphan(ctx context.Context, pid int, cluster string) error {
	proc, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		signal os.Signal
		wait   time.Duration
	}{{syscall.SIGINT, stopWithin}, {syscall.SIGQUIT, quitWithin}} {
		if err := proc.Signal(step.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop the PostgreSQL of an earlier portal (process %d): %w", pid, err)
		}
		for end := time.Now().Add(step.wait); time.Now().Before(end); {
			if inspect(ctx, pid, cluster) != server {
				return nil
			}
			if !sleep(ctx, pollEvery/2) {
				return ctx.Err()
			}
		}
	}
	return fmt.Errorf("%w: its PostgreSQL (process %d) does not stop", ErrRunning, pid)
}

// newLog begins the server's log and keeps that of the run before.
func (d *directory) newLog() (*os.File, error) {
	if err := d.root.Rename(logName, logName+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := d.root.OpenFile(logName, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return f, d.give(logName)
}

// logTail is the end of the server's log, to be put behind an error.
func (d *directory) logTail() string {
	text, err := os.ReadFile(filepath.Join(d.path, logName))
	if err != nil {
		return ""
	}
	return lastLines(text, 10) + "\n(log: " + filepath.Join(d.path, logName) + ")"
}

// lastLines returns the last n lines of text, each behind a line break.
func lastLines(text []byte, n int) string {
	lines := slices.Collect(strings.Lines(strings.TrimSpace(string(text))))
	lines = lines[max(0, len(lines)-n):]
	return "\n\t" + strings.Join(lines, "\t")
}
