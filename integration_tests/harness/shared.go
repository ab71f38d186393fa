package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"contractor-portal/schema"
)

// go test makes a program of each package. The first of a run starts a keeper, which is the same program once
// more, apart from it; the keeper starts the PostgreSQL that all share, makes the template, and stops when
// nobody has used it for a while. Whether anybody does is said by a lock, which ends with its holder however
// that ends.

const (
	keeperVariable = "TEST_KEEPER" // tells a program to be the keeper, and where
	linger         = 20 * time.Second
)

// shared is what a package must know of the PostgreSQL that it did not start.
type shared struct {
	Description string
	URL         string // of the superuser
	Container   string // its name, where it is one
	Keys        string
}

// joinCluster returns the cluster that the packages of this run share, and the keys that its template has. It
// is held until the program ends.
func joinCluster(ctx context.Context) (c Cluster, keys string, err error) {
	dir, err := sharedDir()
	if err != nil {
		return c, "", err
	}
	start, err := lock(dir, "start", syscall.LOCK_EX)
	if err != nil {
		return c, "", err
	}
	defer start.Close() //nolint:errcheck // closing lets go
	users, err := lock(dir, "users", syscall.LOCK_SH)
	if err != nil {
		return c, "", err
	}
	held = append(held, users)
	if idle, err := lock(dir, "keeper", syscall.LOCK_EX|syscall.LOCK_NB); err == nil { // there is none
		if err := errors.Join(idle.Close(), startKeeper(ctx, dir)); err != nil {
			return c, "", err
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "cluster.json"))
	if err != nil {
		return c, "", err
	}
	var s shared
	if err := json.Unmarshal(text, &s); err != nil {
		return c, "", err
	}
	if s.Container != "" {
		c, err = startContainer(ctx, s.Container)
	} else {
		c, err = runningCluster(ctx, s.URL)
	}
	c.Description, c.stop = s.Description, func() error { return nil }
	return c, s.Keys, err
}

// held are the locks that last as long as the program.
var held []*os.File

// sharedDir is where the packages of one run meet: those of this user that want the same PostgreSQL with the
// same schema.
func sharedDir() (string, error) {
	h := sha256.New()
	source := schema.Source()
	for _, script := range append(append(source.Before, source.After...), source.Close) {
		fmt.Fprintf(h, "%s\n%s\n", script.Name, script.SQL)
	}
	files, err := fs.Glob(source.Migrations, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range files {
		text, err := fs.ReadFile(source.Migrations, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s\n%s\n", name, text)
	}
	fmt.Fprintln(h, os.Getuid(), os.Getenv("TEST_POSTGRES"), os.Getenv("TEST_POSTGRES_IMAGE"), seedSQL, Password, tokensTable)
	dir := filepath.Join(os.TempDir(), "portal-tests-"+hex.EncodeToString(h.Sum(nil))[:16])
	return dir, os.MkdirAll(dir, 0o700)
}

// lock takes a lock that ends when the file is closed, at the latest with the program.
func lock(dir, name string, how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// startKeeper starts one, and waits until its PostgreSQL can be used.
func startKeeper(ctx context.Context, dir string) error {
	ready := filepath.Join(dir, "cluster.json")
	if err := os.Remove(ready); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, "keeper.log"))
	if err != nil {
		return err
	}
	defer log.Close()               //nolint:errcheck // the keeper has it too
	keeper := exec.Command(program) //nolint:gosec // this program
	keeper.Dir, keeper.Stdout, keeper.Stderr = dir, log, log
	keeper.Env = append(os.Environ(), keeperVariable+"="+dir)
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // an interrupt of the tests is none of its own
	if err := keeper.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Wait() }()
	for {
		select {
		case err := <-ended:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("no PostgreSQL to share: %w\n%s", err, text)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if _, err := os.Stat(ready); err == nil {
			return nil
		}
	}
}

// keep is the keeper's life.
func keep(dir string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	self, err := lock(dir, "keeper", syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer self.Close() //nolint:errcheck // closing lets go
	// What a keeper left that was killed. Where Docker does not answer there is none.
	if left, err := docker(ctx, "ps", "--all", "--quiet", "--filter", "name="+filepath.Base(dir)); err == nil {
		for _, id := range strings.Fields(left) {
			if _, err := docker(ctx, "rm", "--force", "--volumes", id); err != nil {
				return err
			}
		}
	}
	s := shared{Container: fmt.Sprintf("%s-%d", filepath.Base(dir), os.Getpid())}
	if Suite.Cluster, err = startCluster(ctx, s.Container); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, Suite.Cluster.stop()) }()
	if err := prepare(ctx, ""); err != nil {
		return err
	}
	s.Description, s.URL, s.Keys = Suite.Cluster.Description, Suite.Cluster.URL("", "postgres"), Suite.keysText
	if Suite.Cluster.Binaries != nil {
		s.Container = ""
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	half := filepath.Join(dir, "cluster.half")
	if err := errors.Join(os.WriteFile(half, text, 0o600), os.Rename(half, filepath.Join(dir, "cluster.json"))); err != nil {
		return err
	}
	awaitNobody(ctx, dir)
	return nil
}

// awaitNobody waits until the cluster has not been used for a while. Who comes then waits for the end of this
// program, and starts another keeper.
func awaitNobody(ctx context.Context, dir string) {
	for last := time.Now(); ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		nobody, err := lock(dir, "users", syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err != nil:
			last = time.Now()
		case time.Since(last) > linger:
			held = append(held, nobody)
			return
		default:
			_ = nobody.Close()
		}
	}
}
