package harness

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/testcontainers/testcontainers-go"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/modules/postgres"

	"contractor-portal/db/embedded"
)

// A Cluster is one running PostgreSQL.
type Cluster struct {
	Description string
	Host        string // host:port
	Superuser   string
	secret      string
	// Client runs psql, pg_dump or pg_restore of the server's own version as a role, the empty one being the
	// superuser, and returns what it prints.
	Client func(ctx context.Context, role, database, stdin, program string, args ...string) (string, error)
	// standby starts a hot standby, which is to be stopped before its primary.
	standby func(ctx context.Context) (Cluster, error)
	stop    func() error
	// Binaries are those of a server on this machine; nil in a container.
	Binaries *embedded.Binaries
}

// RolePassword is what the API's roles log in with, in every test cluster.
const RolePassword = "role-password-of-the-tests"

// Version says which PostgreSQL it is, for reports; or why that cannot be said.
func (c Cluster) Version(ctx context.Context) (version string) {
	conn, err := pgx.Connect(ctx, c.URL("", "postgres"))
	if err == nil {
		defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
		err = conn.QueryRow(ctx, `show server_version`).Scan(&version)
	}
	if err != nil {
		return err.Error()
	}
	return "PostgreSQL " + version
}

// URL is the connection URL of a role in a database; the empty role is the superuser.
func (c Cluster) URL(role, database string) string {
	user := url.UserPassword(role, RolePassword)
	if role == "" {
		user = url.UserPassword(c.Superuser, c.secret)
	}
	u := url.URL{Scheme: "postgres", User: user, Host: c.Host, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// OwnCluster starts a PostgreSQL for one test, which may change roles: they are shared by all databases
// of a cluster.
func OwnCluster(t *testing.T) Cluster {
	t.Helper()
	c, err := startCluster(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return c.until(t)
}

// NewStandby starts a hot standby, until the test ends.
func (c Cluster) NewStandby(t *testing.T) Cluster {
	t.Helper()
	standby, err := c.standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return standby.until(t)
}

func (c Cluster) until(t *testing.T) Cluster {
	t.Helper()
	t.Cleanup(func() {
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// testImage is the one that CI uses, or what TEST_POSTGRES_IMAGE names; task matrix tests several. Where
// no registry is reachable integration_tests/pgimage builds the same name with local/ before it.
func testImage() string {
	return cmp.Or(os.Getenv("TEST_POSTGRES_IMAGE"), "postgres:17-alpine")
}

// startCluster starts the PostgreSQL of the tests: a container where Docker answers and an image is
// there or can be pulled, else the embedded one. TEST_POSTGRES=container or =embedded insists, and
// TEST_POSTGRES_IMAGE, which names an image, insists on a container, which gets the name.
func startCluster(ctx context.Context, name string) (Cluster, error) {
	wanted := os.Getenv("TEST_POSTGRES")
	if wanted == "" && os.Getenv("TEST_POSTGRES_IMAGE") != "" {
		wanted = "container"
	}
	switch wanted {
	case "", "container", "embedded":
	default:
		return Cluster{}, fmt.Errorf("TEST_POSTGRES=%s: expected container or embedded", wanted)
	}
	if wanted != "embedded" {
		c, err := startContainer(ctx, name)
		if err == nil {
			return c, nil
		}
		if wanted == "container" {
			return c, fmt.Errorf("a container is asked for, but: %w", err)
		}
		fmt.Println("no container:", err)
	}
	return startEmbedded(ctx)
}

// startContainer starts a container; one of that name that runs already is the one.
func startContainer(ctx context.Context, name string) (c Cluster, err error) {
	image, err := availableImage(ctx)
	if err != nil {
		return c, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	options := []testcontainers.ContainerCustomizer{
		postgres.WithUsername("postgres"), postgres.WithPassword("superuser-of-the-tests"), postgres.BasicWaitStrategies(),
		// Since 18 the official image has another directory, which is no tmpfs.
		testcontainers.WithEnv(map[string]string{"PGDATA": "/var/lib/postgresql/data"}),
		testcontainers.WithTmpfs(map[string]string{"/var/lib/postgresql/data": "rw"}),
		testcontainers.WithExposedPorts(standbyPort + "/tcp"),
		testcontainers.WithCmdArgs("-c", "fsync=off", "-c", "max_connections=300", "-c", "max_prepared_transactions=0"),
	}
	if name != "" {
		options = append(options, testcontainers.WithReuseByName(name))
	}
	container, err := postgres.Run(ctx, image, options...)
	stop := func() error { return testcontainers.TerminateContainer(container) }
	if err != nil {
		return c, errors.Join(err, stop())
	}
	host, err := container.PortEndpoint(ctx, "5432/tcp", "")
	if err != nil {
		return c, errors.Join(err, stop())
	}
	c = Cluster{Description: "container of " + image, Host: host, Superuser: "postgres", secret: "superuser-of-the-tests", stop: stop}
	// What a program complains of must not stand in what it prints.
	const script = `in=$1; complaints=$(mktemp); shift; "$@" < $in 2> $complaints || { cat $complaints; exit 1; }`
	c.Client = func(ctx context.Context, role, database, stdin, program string, args ...string) (string, error) {
		file := "/dev/null"
		if stdin != "" {
			file = "/tmp/" + rand.Text()
			if err := container.CopyToContainer(ctx, []byte(stdin), file, 0o644); err != nil {
				return "", err
			}
		}
		inside := Cluster{Host: "127.0.0.1", Superuser: c.Superuser, secret: c.secret}
		command := append([]string{"sh", "-c", script, "sh", file, program, "--dbname=" + inside.URL(role, database)}, args...)
		code, out, err := container.Exec(ctx, command, tcexec.Multiplexed())
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(out)
		if err == nil && code != 0 {
			err = fmt.Errorf("%s ended with %d: %s", program, code, text)
		}
		return string(text), err
	}
	c.standby = func(ctx context.Context) (Cluster, error) { return standbyInside(ctx, c, container) }
	return c, nil
}

func docker(ctx context.Context, args ...string) (out string, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	text, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput() //nolint:gosec // our own arguments
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, strings.TrimSpace(string(text)))
	}
	return string(text), nil
}

// availableImage returns an image that is there, pulling the official one if need be, and tells
// testcontainers what it must know on a machine without a registry.
func availableImage(ctx context.Context) (string, error) {
	if _, err := docker(ctx, "info"); err != nil {
		return "", errors.New("Docker does not answer") //nolint:staticcheck // a name
	}
	if _, err := os.Stat("/.dockerenv"); err == nil {
		if err := os.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "localhost"); err != nil {
			return "", err
		}
	}
	image := testImage()
	localImage := "local/" + image
	done := func(args ...string) bool { _, err := docker(ctx, args...); return err == nil }
	if done("image", "inspect", image) || !done("image", "inspect", localImage) && done("pull", image) {
		return image, nil
	}
	if !done("image", "inspect", localImage) {
		return "", fmt.Errorf("there is no image %s, none can be pulled, and %s is not built (integration_tests/pgimage/build.sh)", image, localImage)
	}
	// The helper container that cleans up after a killed run needs an image too.
	return localImage, os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
}

func startEmbedded(ctx context.Context) (c Cluster, err error) {
	binaries, err := embedded.Find(ctx)
	if errors.Is(err, embedded.ErrNotInstalled) {
		if err := embedded.Install(ctx, func(line string) { fmt.Println(line) }); err != nil {
			return c, err
		}
		binaries, err = embedded.Find(ctx)
	}
	if err != nil {
		return c, err
	}
	dir, err := openDir()
	if err != nil {
		return c, err
	}
	server, err := embedded.Start(ctx, binaries, embedded.Config{
		Data:     dir + "/data",
		Settings: map[string]string{"fsync": "off", "full_page_writes": "off", "max_connections": "300"},
	})
	if err != nil {
		return c, errors.Join(err, os.RemoveAll(dir))
	}
	u, err := url.Parse(server.URL("postgres"))
	if err != nil {
		return c, err
	}
	c = programsOf(u, binaries)
	c.Description = fmt.Sprintf("embedded PostgreSQL %d", server.Major())
	c.stop = func() error { return errors.Join(server.Stop(), os.RemoveAll(dir)) }
	return c, nil
}

// openDir makes a directory that the database's user may enter.
func openDir() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "portal-tests-"); err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755) //nolint:gosec // see above
}

// runningCluster is a PostgreSQL that runs already, at its superuser's URL. It goes on after the tests.
func runningCluster(ctx context.Context, at string) (c Cluster, err error) {
	binaries, err := embedded.Find(ctx)
	if err != nil {
		return c, err
	}
	u, err := url.Parse(at)
	if err != nil {
		return c, err
	}
	c = programsOf(u, binaries)
	c.Description, c.stop = "the one at "+u.Host, func() error { return nil }
	return c, nil
}

// programsOf is the cluster at a superuser's URL, with the programs of this machine.
func programsOf(u *url.URL, binaries embedded.Binaries) (c Cluster) {
	secret, _ := u.User.Password()
	c = Cluster{Host: u.Host, Superuser: u.User.Username(), secret: secret, Binaries: &binaries}
	c.Client = func(ctx context.Context, role, database, stdin, program string, args ...string) (string, error) {
		var out, complaints bytes.Buffer
		cmd := exec.CommandContext(ctx, filepath.Join(binaries.Dir, program), append([]string{"--dbname=" + c.URL(role, database)}, args...)...) //nolint:gosec // a program of PostgreSQL
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &complaints
		if err := cmd.Run(); err != nil {
			return out.String(), fmt.Errorf("%s: %w: %s", program, err, complaints.Bytes())
		}
		return out.String(), nil
	}
	c.standby = func(ctx context.Context) (Cluster, error) { return standbyBeside(ctx, c, binaries.Dir) }
	return c
}
