//go:build linux || darwin

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestCrash_KilledServerRecovers(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	s := start(t, Config{Data: data})
	query(t, s.URL("postgres"), "create table committed as select generate_series(1, 1000) as n")

	for _, pid := range append(children(t, s.cmd.Process.Pid), s.cmd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // some end by themselves when others die
	}
	<-s.Done()
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Err of a killed server is %v", err)
	}
	stop(t, s)

	var said []string
	begun := time.Now()
	s = start(t, Config{Data: data, Say: func(line string) { said = append(said, line) }})
	t.Logf("start with recovery: %s", time.Since(begun).Round(time.Millisecond))
	if got := query(t, s.URL("postgres"), "select count(*)::text from committed"); got != "1000" {
		t.Errorf("after the recovery there are %s rows, want 1000", got)
	}
	if !strings.Contains(strings.Join(said, "\n"), "recovering") {
		t.Errorf("said %q, and nothing of a recovery", said)
	}
}

// children lists the processes that a server has started.
func children(t *testing.T, parent int) []int {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for line := range strings.Lines(string(out)) {
		var pid, ppid int
		if _, err := fmt.Sscan(line, &pid, &ppid); err == nil && ppid == parent {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		t.Fatal("the server has no child processes")
	}
	return pids
}

func TestCrash_WaitsForBackendsOfAKilledServer(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	s := start(t, Config{Data: data})
	conn, err := pgx.Connect(t.Context(), s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	busy := make(chan struct{})
	go func() { // computes, and so does not notice for two seconds that its server is gone
		defer close(busy)
		_, _ = conn.Exec(t.Context(), `do $$ declare till timestamptz := clock_timestamp() + '2s';
			begin while clock_timestamp() < till loop end loop; end $$`) // an orphan may still answer
	}()
	eventually(t, "the loop runs", func() bool {
		return query(t, s.URL("postgres"), "select count(*)::text from pg_stat_activity where query like 'do %'") == "1"
	})

	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	stop(t, s)
	s = start(t, Config{Data: data})
	query(t, s.URL("postgres"), "select 1")
	<-busy
}

func TestCrash_KilledPortal(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	p := startPortal(t, data, nil)
	query(t, p.url(t), "create table committed as select 1 as n")
	pid := serverPID(t, data)

	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	if runtime.GOOS == "linux" { // elsewhere the next start stops it
		eventually(t, "the server goes with its portal", func() bool {
			return inspect(t.Context(), pid, filepath.Join(data, clusterName)) != server
		})
	}

	s := start(t, Config{Data: data})
	if got := query(t, s.URL("postgres"), "select n::text from committed"); got != "1" {
		t.Errorf("the table holds %q", got)
	}
}

func TestCrash_KilledPortalAndServer(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	p := startPortal(t, data, nil)
	query(t, p.url(t), "create table committed as select 1 as n")
	pid := serverPID(t, data)
	_ = p.cmd.Process.Kill()
	_ = syscall.Kill(pid, syscall.SIGKILL)

	_ = p.cmd.Wait()
	s := start(t, Config{Data: data})
	if got := query(t, s.URL("postgres"), "select n::text from committed"); got != "1" {
		t.Errorf("the table holds %q", got)
	}
}

func TestCrash_PortalKilledWhileItCreates(t *testing.T) {
	t.Parallel()
	data := newData(t)
	p := startPortal(t, data, nil)
	eventually(t, "initdb has begun", func() bool {
		begun, err := filepath.Glob(filepath.Join(data, asidePrefix+"*", "PG_VERSION"))
		return err == nil && len(begun) == 1
	})
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()

	s := start(t, Config{Data: data})
	query(t, s.URL("postgres"), "select 1")
}

// orphan runs a server on the cluster as a killed portal leaves one behind where no signal ends it.
func orphan(t *testing.T, data string) *exec.Cmd {
	t.Helper()
	d := &directory{path: data, acct: testAccount(t)}
	port, err := tryPort(0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := d.command(binaries(t), "postgres", serverArgs(d.cluster(), port, map[string]string{"fsync": "off"})...)
	cmd.SysProcAttr = childAttr(d.acct)
	withoutParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
	eventually(t, "the orphan is ready", func() bool {
		text, _ := os.ReadFile(filepath.Join(data, clusterName, pidName))
		return strings.Contains(string(text), "\nready")
	})
	return cmd
}

func TestCrash_LiveOrphanIsStopped(t *testing.T) {
	t.Parallel()
	for _, renamed := range []bool{false, true} {
		t.Run(fmt.Sprintf("renamed=%t", renamed), func(t *testing.T) {
			t.Parallel()
			data := newCluster(t)
			left := orphan(t, data)
			if renamed {
				if err := os.Rename(data, data+"2"); err != nil {
					t.Fatal(err)
				}
				data += "2"
			}
			if _, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", left.Process.Pid)); renamed && err != nil {
				if _, err := tryStart(t, Config{Data: data}); !errors.Is(err, ErrRunning) {
					t.Errorf("got %v; want ErrRunning where nobody can see what directory a process is in", err)
				}
				return
			}

			var said []string
			s := start(t, Config{Data: data, Say: func(line string) { said = append(said, line) }})
			query(t, s.URL("postgres"), "select 1")
			all := strings.Join(said, "\n")
			if !strings.Contains(all, strconv.Itoa(left.Process.Pid)) {
				t.Errorf("said %q, and nothing of process %d", said, left.Process.Pid)
			}
			if !renamed && strings.Contains(all, "recovering") { // renamed, it finds no place for its last checkpoint
				t.Error("the orphan was not shut down cleanly")
			}
		})
	}
}

func TestCrash_StalePidFile(t *testing.T) {
	t.Parallel()
	pids := map[string]func(t *testing.T) int{
		"a process that is gone": func(t *testing.T) int {
			t.Helper()
			cmd := asServer(t, "true")
			_ = cmd.Wait()
			return cmd.Process.Pid
		},
		"a zombie": func(t *testing.T) int {
			t.Helper()
			cmd := asServer(t, "true")
			t.Cleanup(func() { _ = cmd.Wait() })
			return cmd.Process.Pid
		},
		"another program": func(t *testing.T) int {
			t.Helper()
			cmd := asServer(t, "sleep", "600")
			t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			return cmd.Process.Pid
		},
		"ourselves": func(*testing.T) int { return os.Getpid() },
		"nothing":   func(*testing.T) int { return 0 },
	}
	for name, pid := range pids {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := newCluster(t)
			text := ""
			if id := pid(t); id != 0 {
				text = fmt.Sprintf("%d\n%s\n1700000000\n5432\n\n127.0.0.1\n  1 1\nready   \n", id, filepath.Join(data, clusterName))
			}
			writeFile(t, filepath.Join(data, clusterName, pidName), text)

			s := start(t, Config{Data: data})
			query(t, s.URL("postgres"), "select 1")
		})
	}
}

// asServer starts a program as the user that the servers run as, whose processes PostgreSQL takes for its
// own.
func asServer(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = childAttr(testAccount(t))
	withoutParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestCrash_OtherClustersServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	first, second := newCluster(t), newCluster(t)
	s := start(t, Config{Data: first})
	text, err := os.ReadFile(filepath.Join(first, clusterName, pidName))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(second, clusterName, pidName), string(text))

	other := start(t, Config{Data: second})
	query(t, other.URL("postgres"), "select 1")
	query(t, s.URL("postgres"), "select 1")
}

func TestCtrlC_StopsCleanly(t *testing.T) {
	t.Parallel()
	data := newCluster(t)
	p := startPortal(t, data, &syscall.SysProcAttr{Setpgid: true})
	p.url(t)
	if group, err := syscall.Getpgid(serverPID(t, data)); err != nil || group == p.cmd.Process.Pid {
		t.Errorf("the server is in the portal's process group %d, %v: Ctrl-C would reach it too", group, err)
	}

	// As the terminal does: to every process of the group
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest := ""
	for p.out.Scan() {
		rest += p.out.Text() + "\n"
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("the portal ended with %v: %s", err, rest)
	}
	start(t, Config{Data: data, Say: func(line string) { t.Errorf("a clean start has nothing to say, but: %s", line) }})
}

func TestStart_AsOrdinaryUser(t *testing.T) {
	t.Parallel()
	acct := testAccount(t)
	data := newData(t)
	parent := filepath.Dir(data)
	if err := os.Chown(parent, acct.uid, acct.gid); err != nil {
		t.Fatal(err)
	}
	var attr *syscall.SysProcAttr
	if acct.switched {
		attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(acct.uid), Gid: uint32(acct.gid)}}
	}
	p := startPortal(t, data, attr)
	query(t, p.url(t), "create table mine as select 1 as n")
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}

	// And then as root, if the tests are run by root, who must leave it usable for that user
	stop(t, start(t, Config{Data: data}))
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if uid, _ := ownerOf(info); uid != acct.uid {
			t.Errorf("%s belongs to %d, not to %d", path, uid, acct.uid)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p = startPortal(t, data, attr)
	if got := query(t, p.url(t), "select n::text from mine"); got != "1" {
		t.Errorf("the table holds %q", got)
	}
}
