//go:build linux || darwin

package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDataDir(t *testing.T) {
	t.Parallel()
	data := newData(t)
	if got, err := DataDir(data); err != nil || got != data {
		t.Errorf("an open place: got %q, %v, want %q", got, err, data)
	}
	if got, err := DataDir(filepath.Join(data, "a", "b")); err != nil || got != filepath.Join(data, "a", "b") {
		t.Errorf("a place yet to be made: got %q, %v", got, err)
	}
	if got, err := DataDir("portal-data"); err != nil || !filepath.IsAbs(got) {
		t.Errorf("a relative path: got %q, %v, want it absolute", got, err)
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("DataDir made something: %v", err)
	}

	writeFile(t, data, "a file")
	inside := filepath.Join(data, "portal")
	if got, err := DataDir(inside); err == nil || !strings.Contains(err.Error(), inside) {
		t.Errorf("below a file: got %q, %v, want an error that names the path", got, err)
	}
}

func TestDataDir_ClosedPlace(t *testing.T) {
	t.Parallel()
	shut := newData(t)
	if err := os.Mkdir(shut, 0o700); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(shut, "below", "data")
	got, err := DataDir(data)
	if os.Geteuid() != 0 { // our own: it is not shut to us
		if err != nil || got != data {
			t.Errorf("got %q, %v, want %q", got, err, data)
		}
		return
	}
	if err != nil || got != systemData {
		t.Errorf("root's private place: got %q, %v, want %q", got, err, systemData)
	}
	if _, err := tryStart(t, Config{Data: data}); err == nil || !strings.Contains(err.Error(), shut) {
		t.Errorf("Start in root's private place: got %v, want an error that names %s", err, shut)
	}
}

func TestDataDir_RootsCluster(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // only root can make one
	}
	data := newData(t)
	writeFile(t, filepath.Join(data, lockName), "")
	if err := os.Mkdir(filepath.Join(data, clusterName), 0o700); err != nil {
		t.Fatal(err)
	}
	// It must not be passed over for an empty database elsewhere
	if got, err := DataDir(data); err == nil || !strings.Contains(err.Error(), "chown") {
		t.Errorf("got %q, %v, want an error that says what to do", got, err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	bin := binaries(t)
	for _, name := range []string{"initdb", "postgres", "pg_controldata"} {
		if _, err := os.Stat(bin.program(name)); err != nil {
			t.Error(err)
		}
	}

	data := newCluster(t)
	if got, err := FindFor(t.Context(), data); err != nil || got != bin {
		t.Errorf("FindFor a cluster of the newest: got %v, %v, want %v", got, err, bin)
	}
	if got, err := FindFor(t.Context(), filepath.Join(data, "nothing")); err != nil || got != bin {
		t.Errorf("FindFor no cluster: got %v, %v, want %v", got, err, bin)
	}
}

func TestNewest(t *testing.T) {
	t.Parallel()
	if _, err := newest(nil); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("none: got %v", err)
	}
	_, err := newest([]Binaries{{Dir: "/old/bin", Major: 14}})
	if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), "14 in /old/bin") {
		t.Errorf("too old: got %v, want ErrNotInstalled with what was found", err)
	}
	if got, err := newest([]Binaries{{Major: 17}, {Major: 14}}); err != nil || got.Major != 17 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestParseMajor(t *testing.T) {
	t.Parallel()
	got := map[string]int{}
	for _, text := range []string{
		"postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", "postgres (PostgreSQL) 19devel\n",
		"postgres (PostgreSQL) 18beta1\n", "postgres (PostgreSQL) 17\n", "MariaDB 11.4\n", "postgres (PostgreSQL) new\n",
	} {
		got[strings.TrimSpace(text)], _ = parseMajor(text)
	}
	want := map[string]int{
		"postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)": 15, "postgres (PostgreSQL) 19devel": 19,
		"postgres (PostgreSQL) 18beta1": 18, "postgres (PostgreSQL) 17": 17, "MariaDB 11.4": 0, "postgres (PostgreSQL) new": 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestInstall_Advice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		goos, release string
		debian        bool
		want          string
	}{
		{"linux", "ID=debian\n", true, "apt-get install postgresql"},
		{"linux", "NAME=\"Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true, "apt-get install postgresql"},
		{"linux", "ID=fedora\nSUPPORT=\"not debian\"\n", false, "postgresql-server"},
		{"darwin", "", false, "brew install"},
		{"windows", "", false, "docker compose up"},
	} {
		if got := debianLike(c.release); got != c.debian {
			t.Errorf("debianLike(%q) is %t", c.release, got)
		}
		got := advice(c.goos, c.release)
		if !strings.Contains(got, c.want) || !strings.Contains(got, "docker compose up") || strings.Contains(got, "\n") {
			t.Errorf("%s: %s", c.goos, got)
		}
	}
	if os.Geteuid() != 0 || runtime.GOOS != "linux" {
		err := Install(t.Context(), func(line string) { t.Errorf("said %q, although it may not install", line) })
		if err == nil || !strings.Contains(err.Error(), "docker compose up") {
			t.Errorf("Install as an ordinary user: %v", err)
		}
	}
}

func TestInstall_PutsConfigurationBack(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "createcluster.conf")
	failed := errors.New("no network")
	for _, before := range []string{"absent", "", "create_main_cluster = true\n", "#create_main_cluster = true\nport = 1"} {
		if before != "absent" {
			writeFile(t, file, before)
		}
		err := withoutMainCluster(file, func() error {
			during, err := os.ReadFile(file)
			if err != nil || !strings.HasSuffix(string(during), "\ncreate_main_cluster = false\n") {
				t.Errorf("during the installation: %q, %v", during, err)
			}
			return failed
		})
		if !errors.Is(err, failed) {
			t.Errorf("got %v, want the installation's error", err)
		}
		after, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			after = []byte("absent")
		}
		if string(after) != before {
			t.Errorf("the configuration was %q and is now %q", before, after)
		}
	}
}
