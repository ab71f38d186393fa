package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	systemData  = "/var/lib/portal"
	clusterName = "pgdata"
	lockName    = "portal.lock" // also the mark that a directory is ours
	logName     = "server.log"
)

var (
	// ErrRunning means that another portal runs in the data directory.
	ErrRunning = errors.New("another portal is running")
	// ErrForeign means that the data directory holds files which are not ours.
	ErrForeign = errors.New("not a data directory of the portal")

	errNoEntry = errors.New("the database's user may not enter")
)

// An account is the user that the server's processes run as. PostgreSQL refuses to run as root.
type account struct {
	name     string
	uid, gid int
	switched bool // differs from this process's user
}

// accountFor chooses the user for a data directory: this process's own unless that is root, else the owner
// of the cluster that lies there, else the user behind sudo, else postgres, else nobody.
func accountFor(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "this user", uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	if info, err := os.Stat(filepath.Join(data, clusterName)); err == nil {
		if uid, gid := ownerOf(info); uid != 0 {
			return account{name: fmt.Sprintf("uid %d", uid), uid: uid, gid: gid, switched: true}, nil
		}
		return account{}, fmt.Errorf("%s belongs to root, as whom PostgreSQL does not run: give it to the user that made it (chown -R)", filepath.Join(data, clusterName))
	}
	for _, name := range []string{os.Getenv("SUDO_USER"), "postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if uid != 0 {
			return account{name: name, uid: uid, gid: gid, switched: true}, nil
		}
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// mayEnter returns an error that names the first ancestor of path which the account cannot pass through.
// Ancestors that do not exist yet will be created so that it can.
func (a account) mayEnter(path string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !info.IsDir():
			return fmt.Errorf("%s is not a directory", dir)
		case a.switched && !a.canPass(info):
			return fmt.Errorf("%w %s (PostgreSQL runs as %s)", errNoEntry, dir, a.name)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func (a account) canPass(info fs.FileInfo) bool {
	uid, gid := ownerOf(info)
	switch mode := info.Mode().Perm(); {
	case uid == a.uid:
		return mode&0o100 != 0
	case gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// DataDir returns the absolute path of the directory to use for Config.Data: preferred, or /var/lib/portal
// if the portal runs as root and the user that will run the database may not enter preferred's place (such
// as /root). Nothing is created.
func DataDir(preferred string) (string, error) {
	path, acct, err := place(preferred)
	if errors.Is(err, errNoEntry) {
		path, err = systemData, acct.mayEnter(systemData)
	}
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", preferred, err)
	}
	return path, nil
}

// place is the real path of a data directory and the user that its server runs as; the error is ErrForeign
// if it holds someone else's files, and errNoEntry if that user cannot get there.
func place(data string) (path string, acct account, err error) {
	path, err = realPath(data)
	if err != nil {
		return "", account{}, err
	}
	if err := recognise(path); err != nil {
		return "", account{}, err
	}
	acct, err = accountFor(path)
	if err != nil {
		return "", account{}, err
	}
	return path, acct, acct.mayEnter(path)
}

// realPath is the absolute path with the symbolic links of its existing part resolved.
func realPath(path string) (string, error) {
	if path == "" {
		return "", errors.New("no data directory was given")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
		return real, err
	}
	parent, err := realPath(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

// A directory is a data directory that this process holds the lock of. Files are reached through root,
// which does not follow links out of the directory: as root we write where another user may write too.
type directory struct {
	path string
	root *os.Root
	acct account
	lock *os.File
}

// openDirectory creates the directory if need be and locks it. It refuses, before it has touched anything,
// what is neither empty nor ours.
func openDirectory(data string) (*directory, error) {
	path, acct, err := place(data)
	if errors.Is(err, errNoEntry) {
		return nil, fmt.Errorf("data directory %s: %w: choose another, such as %s", path, err, systemData)
	}
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the account must pass
		return nil, err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}

	d := &directory{path: path, root: root, acct: acct}
	if err := errors.Join(d.give("."), d.acquire()); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func recognise(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockName {
			return nil
		}
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is %w, and not empty: choose another directory, or move its contents away", path, ErrForeign)
	}
	return nil
}

// acquire takes the lock or returns ErrRunning. The kernel gives it back when this process dies, however
// it dies.
func (d *directory) acquire() error {
	f, err := d.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	free, err := lockFile(f)
	if err == nil && !free {
		err = fmt.Errorf("%w in %s", ErrRunning, d.path)
		if pid, _ := d.root.ReadFile(lockName); len(pid) > 0 {
			err = fmt.Errorf("%w (process %s): stop it first", err, strings.TrimSpace(string(pid)))
		}
	}
	if err != nil {
		f.Close()
		return err
	}
	d.lock = f
	if err := d.give(lockName); err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func (d *directory) close() {
	if d.lock != nil {
		unlockFile(d.lock)
		d.lock.Close()
	}
	d.root.Close()
}

func (d *directory) cluster() string { return filepath.Join(d.path, clusterName) }

// give makes the server's user the owner of a file of ours, so that the portal can later run as that user
// as well.
func (d *directory) give(name string) error {
	if !d.acct.switched {
		return nil
	}
	return d.root.Lchown(name, d.acct.uid, d.acct.gid)
}

// write replaces a small file of ours as a whole and durably.
func (d *directory) write(name, text string) error {
	f, err := d.root.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	if err := errors.Join(err, f.Sync(), f.Close(), d.give(name+".new")); err != nil {
		return err
	}
	return d.root.Rename(name+".new", name)
}

// newPassword replaces the superuser's password; it counts for a cluster that is made afterwards.
func (d *directory) newPassword() error { return d.write("password", rand.Text()) }

func (d *directory) password() (string, error) {
	text, err := d.root.ReadFile("password")
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s, the superuser's password, is missing: put it back from a backup, or choose another directory to begin anew", filepath.Join(d.path, "password"))
	}
	return strings.TrimSpace(string(text)), err
}

// choosePort returns wanted, or an error that names it if it is taken; for 0 the port of last time, else a
// free one.
func (d *directory) choosePort(wanted int) (int, error) {
	if wanted != 0 {
		if _, err := tryPort(wanted); err != nil {
			return 0, fmt.Errorf("port %d cannot be had: %w: choose another port, or 0 for any that is free", wanted, err)
		}
		return wanted, nil
	}
	if last, err := d.lastPort(); err == nil {
		if port, err := tryPort(last); err == nil {
			return port, nil
		}
	}
	return tryPort(0)
}

func (d *directory) lastPort() (int, error) {
	text, err := d.root.ReadFile("port")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func tryPort(port int) (int, error) {
	l, err := net.Listen("tcp4", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
