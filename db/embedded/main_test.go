//go:build linux || darwin

package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// helperEnv names a data directory: with it set, the test binary is a portal that runs a server there.
const helperEnv = "EMBEDDED_TEST_DATA"

func TestMain(m *testing.M) {
	if data := os.Getenv(helperEnv); data != "" {
		os.Exit(portal(data))
	}
	code := m.Run()
	_ = os.RemoveAll(shared.dir)
	os.Exit(code)
}

// portal starts a server, prints its URL, and stops it at Ctrl-C. Its exit code is 0 only if all of that
// was clean.
func portal(data string) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	bin, err := Find(ctx)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s, err := Start(ctx, bin, Config{Data: data, Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(s.URL("postgres"))

	<-ctx.Done()
	if closed(s.Done()) {
		fmt.Println("the server was gone before Stop")
		return 1
	}
	if err := s.Stop(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// A portalProcess is the test binary run as a portal of its own.
type portalProcess struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

// shared holds what the tests make once, in a directory that every user may enter.
var shared struct {
	sync.Mutex
	dir string
}

// sharedPath is a path in the shared directory.
func sharedPath(name string) (string, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.dir == "" {
		dir, err := os.MkdirTemp("", "embedded-shared-*")
		if err != nil {
			return "", err
		}
		shared.dir = dir
	}
	return filepath.Join(shared.dir, name), os.Chmod(shared.dir, 0o755)
}

// program is a copy of the test binary that every user may execute.
var program = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path, err := sharedPath("portal")
	if err != nil {
		return "", err
	}

	// By a program: a file that we write cannot be executed while a child of another test is being started
	return path, errors.Join(exec.Command("cp", self, path).Run(), os.Chmod(path, 0o755))
})

// startPortal runs the test binary as a portal, as another user if attr says so.
func startPortal(t *testing.T, data string, attr *syscall.SysProcAttr) *portalProcess {
	t.Helper()
	self, err := program()
	if err != nil {
		t.Fatal(err)
	}
	p := &portalProcess{cmd: exec.Command(self)}
	p.cmd.Dir = "/"
	p.cmd.Env = append(os.Environ(), helperEnv+"="+data)
	p.cmd.SysProcAttr = attr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(os.Interrupt)
		_ = p.cmd.Wait()
	})
	return p
}

// url waits until the portal has a server.
func (p *portalProcess) url(t *testing.T) string {
	t.Helper()
	if !p.out.Scan() || !strings.HasPrefix(p.out.Text(), "postgres://") {
		t.Fatalf("the portal did not start: %s", p.out.Text())
	}
	return p.out.Text()
}

// binaries returns the PostgreSQL of this machine; without one the tests fail, they do not skip.
func binaries(t *testing.T) Binaries {
	t.Helper()
	bin, err := Find(t.Context())
	if err != nil {
		t.Fatalf("these tests need PostgreSQL %d or newer on this machine: %v", OldestMajor, err)
	}
	return bin
}

// newData is a path for a data directory that any user may enter, which is not so of t.TempDir for root.
func newData(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "embedded-test-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Geteuid() == 0 {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

// template is a data directory with a cluster that was shut down; making one takes a second.
var template = sync.OnceValues(func() (string, error) {
	bin, err := Find(context.Background())
	if err != nil {
		return "", err
	}
	data, err := sharedPath("template")
	if err != nil {
		return "", err
	}
	s, err := Start(context.Background(), bin, Config{Data: data, Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		return data, err
	}
	return data, errors.Join(s.Stop(), os.Remove(filepath.Join(data, "port")))
})

// newCluster is a data directory with a cluster that has been used before.
func newCluster(t *testing.T) string {
	t.Helper()
	binaries(t)
	from, err := template()
	if err != nil {
		t.Fatal(err)
	}
	data := newData(t)
	if out, err := exec.Command("cp", "-a", from, data).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return data
}

func tryStart(t *testing.T, cfg Config) (*Server, error) {
	t.Helper()
	settings := map[string]string{"fsync": "off", "shared_buffers": "16MB"}
	for name, value := range cfg.Settings {
		settings[name] = value
	}
	cfg.Settings = settings
	s, err := Start(t.Context(), binaries(t), cfg)
	if err == nil {
		t.Cleanup(func() { _ = s.Stop() })
	}
	return s, err
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := tryStart(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// query runs one statement over a connection of its own and returns its single value as text, or ""
// without one.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if rows := results[len(results)-1].Rows; len(rows) > 0 {
		return string(rows[0][0])
	}
	return ""
}

// testAccount is the user that the servers of these tests run as.
func testAccount(t *testing.T) account {
	t.Helper()
	acct, err := accountFor("/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	return acct
}

// snapshot is everything that a refusal must leave as it was: names, modes, owners, contents.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		uid, gid := ownerOf(info)
		all[path] = fmt.Sprint(info.Mode(), uid, gid)
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			all[path] += string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// writeFile writes a file that belongs to the user whom the servers run as.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	acct := testAccount(t)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, acct.uid, acct.gid); err != nil {
		t.Fatal(err)
	}
}

// serverPID reads the process id of the server that runs on a data directory.
func serverPID(t *testing.T, data string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, clusterName, pidName))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// eventually polls for half a minute.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within 30 s: %s", what)
}
