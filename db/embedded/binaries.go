package embedded

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OldestMajor is the oldest PostgreSQL that the portal's schema runs on.
const OldestMajor = 15

// ErrNotInstalled means that no PostgreSQL of OldestMajor or newer is installed where it is usually found.
var ErrNotInstalled = errors.New("PostgreSQL is not installed")

// Binaries are the programs of one PostgreSQL installation.
type Binaries struct {
	Dir   string // holds initdb, postgres, pg_controldata
	Major int
}

// program is the path of one of the installation's programs.
func (b Binaries) program(name string) string { return filepath.Join(b.Dir, name) }

// Find returns the newest PostgreSQL on this machine. The error is ErrNotInstalled if there is none, or
// none that is new enough; it then names those that are too old.
func Find(ctx context.Context) (Binaries, error) {
	return newest(installed(ctx))
}

// FindFor is Find for a data directory that may already hold a cluster: an installation of the cluster's
// major version is preferred to a newer one, which could not run it.
func FindFor(ctx context.Context, data string) (Binaries, error) {
	all := installed(ctx)
	major, err := clusterMajor(filepath.Join(data, clusterName))
	if err != nil {
		return newest(all)
	}
	for _, b := range all {
		if b.Major == major && major >= OldestMajor {
			return b, nil
		}
	}
	return newest(all)
}

func newest(all []Binaries) (Binaries, error) {
	if len(all) == 0 {
		return Binaries{}, ErrNotInstalled
	}
	if all[0].Major >= OldestMajor {
		return all[0], nil
	}
	var old []string
	for _, b := range all {
		old = append(old, fmt.Sprintf("%d in %s", b.Major, b.Dir))
	}
	return Binaries{}, fmt.Errorf("%w: version %d or newer is needed, found only %s", ErrNotInstalled, OldestMajor, strings.Join(old, ", "))
}

// installed lists the installations, the newest first; of equal ones, that which the user's PATH prefers.
func installed(ctx context.Context) (all []Binaries) {
	seen := map[string]bool{}
	for _, dir := range candidates(ctx) {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || seen[real] {
			continue
		}
		seen[real] = true
		if major, err := majorOf(ctx, real); err == nil {
			all = append(all, Binaries{Dir: real, Major: major})
		}
	}
	slices.SortStableFunc(all, func(a, b Binaries) int { return cmp.Compare(b.Major, a.Major) })
	return all
}

func candidates(ctx context.Context) (dirs []string) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil { // Homebrew links single programs
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	if out, err := output(ctx, "pg_config", "--bindir"); err == nil {
		dirs = append(dirs, strings.TrimSpace(out))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // the PostgreSQL project's packages for Red Hat's family
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
		"/Library/PostgreSQL/*/bin",
		"/usr/local/pgsql/bin", // built from source
	} {
		found, _ := filepath.Glob(pattern) // fails on a malformed pattern only
		dirs = append(dirs, found...)
	}
	return dirs
}

// majorOf asks the server program in dir for its version; initdb must lie beside it.
func majorOf(ctx context.Context, dir string) (int, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0, err
	}
	out, err := output(ctx, filepath.Join(dir, "postgres"), "--version")
	if err != nil {
		return 0, err
	}
	return parseMajor(out)
}

// parseMajor reads "postgres (PostgreSQL) 17.2 (Debian 17.2-1)", and "18beta1" in its place.
func parseMajor(version string) (int, error) {
	_, number, ok := strings.Cut(version, "(PostgreSQL) ")
	if !ok {
		return 0, fmt.Errorf("not a version of PostgreSQL: %q", version)
	}
	end := strings.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		number = number[:end]
	}
	return strconv.Atoi(number)
}

func output(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).Output()
	return string(out), err
}

// Install installs the distribution's PostgreSQL where that takes no decision of the user's: as root on
// Debian and Ubuntu. It says so first, and neither creates nor starts a cluster of the distribution's own.
// After nil, Find succeeds. Elsewhere the error is one sentence that names what to install.
func Install(ctx context.Context, say func(string)) error {
	release, _ := os.ReadFile("/etc/os-release") // absent: not a Linux distribution
	if os.Geteuid() != 0 || !debianLike(string(release)) {
		return errors.New(advice(runtime.GOOS, string(release)))
	}

	say("PostgreSQL is not installed: installing the distribution's package \"postgresql\" with apt-get")
	if err := apt(ctx, "update", "-q"); err != nil {
		return err
	}
	if err := apt(ctx, "install", "-q", "-y", "--no-install-recommends", "postgresql-common"); err != nil {
		return err
	}
	err := withoutMainCluster("/etc/postgresql-common/createcluster.conf", func() error {
		return apt(ctx, "install", "-q", "-y", "--no-install-recommends", "postgresql")
	})
	if err != nil {
		return err
	}
	_, err = Find(ctx)
	return err
}

func apt(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, lastLines(out, 10))
	}
	return nil
}

// withoutMainCluster runs install while the file tells Debian's packages not to create a cluster, and puts
// the file back as it was.
func withoutMainCluster(file string, install func() error) (err error) {
	before, err := os.ReadFile(file)
	absent := errors.Is(err, os.ErrNotExist)
	if err != nil && !absent {
		return err
	}
	during := append(bytes.Clone(before), "\ncreate_main_cluster = false\n"...)
	if err := os.WriteFile(file, during, 0o644); err != nil { //nolint:gosec // as the package ships it
		return err
	}
	defer func() {
		if absent {
			err = errors.Join(err, os.Remove(file))
			return
		}
		err = errors.Join(err, os.WriteFile(file, before, 0o644)) //nolint:gosec // as the package ships it
	}()
	return install()
}

func debianLike(osRelease string) bool {
	for line := range strings.Lines(osRelease) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key != "ID" && key != "ID_LIKE" {
			continue
		}
		for _, id := range strings.Fields(strings.Trim(value, `"'`)) {
			if id == "debian" || id == "ubuntu" {
				return true
			}
		}
	}
	return false
}

// advice is the one sentence for a machine on which the user must install PostgreSQL.
func advice(goos, osRelease string) string {
	how := "the server package of your distribution (postgresql-server or postgresql)"
	switch {
	case goos == "darwin":
		how = "it with \"brew install postgresql@17\" or Postgres.app"
	case goos == "windows":
		return "portal runs no PostgreSQL of its own on Windows: \"docker compose up\" runs the portal with its database"
	case debianLike(osRelease):
		how = "it with \"sudo apt-get install postgresql\" (or run portal as root)"
	}
	return fmt.Sprintf("PostgreSQL %d or newer is needed: install %s, or use \"docker compose up\", which brings its own", OldestMajor, how)
}
