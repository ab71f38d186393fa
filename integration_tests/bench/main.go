// Bench measures what tenancy costs: the same operations over HTTP, by this portal and by variants of it
// that keep companies apart in other ways, interleaved, with and without a network between server and
// database. `task bench` runs it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/embedded"
	"contractor-portal/server/auth"
)

func main() {
	var o options
	flag.StringVar(&o.dsn, "dsn", "", "a superuser's URL of an empty database; an embedded PostgreSQL if absent")
	flag.IntVar(&o.rounds, "rounds", 12, "how often each variant is measured in turn")
	flag.IntVar(&o.calls, "calls", 40, "calls of a variant in one round")
	flag.StringVar(&o.json, "json", "bench.json", "where the figures go")
	flag.BoolVar(&o.growth, "growth", false, "measure one customer among ever more others instead")
	flag.StringVar(&o.sizes, "sizes", "10,100,1000,10000", "with -growth: how many customers there are, with 1,000 logs each")
	flag.StringVar(&o.chart, "chart", "bench.svg", "where the chart goes; the README shows integration_tests/bench/bench.svg")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	measure := bench
	if o.growth {
		measure = growth
	}
	if err := measure(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	dsn           string
	rounds, calls int
	json, chart   string
	growth        bool
	sizes         string
}

// roundTrip is what the network adds in the second half.
const roundTrip = 500 * time.Microsecond

func bench(ctx context.Context, o options) (err error) {
	began := time.Now()
	s, err := newStage(ctx, o.dsn, variants, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := errors.Join(s.install(), s.fill(ctx, first, admin, fill)); err != nil {
		return err
	}

	r := report{Data: dataSize, Rounds: o.rounds, Calls: o.calls}
	if err := r.about(ctx, s); err != nil {
		return err
	}
	for _, delay := range []time.Duration{0, roundTrip} {
		if err := s.measure(ctx, &r, o, delay); err != nil {
			return err
		}
	}
	if err := s.measureFloor(ctx, &r, o); err != nil {
		return err
	}
	r.Seconds = time.Since(began).Seconds()
	r.print(os.Stdout)
	return errors.Join(r.writeJSON(o.json), r.writeChart(o.chart))
}

// measure starts every variant and measures all operations; with a delay between server and database
// where there is one.
func (s *stage) measure(ctx context.Context, r *report, o options, delay time.Duration) (err error) {
	host := s.super.Host
	if delay > 0 {
		n, err := newNetwork(ctx, host, delay)
		if err != nil {
			return err
		}
		defer n.listener.Close() //nolint:errcheck // nothing is lost with it
		host = n.address()
		if r.Added, err = s.added(ctx, host); err != nil {
			return err
		}
	}
	var clients []*client
	for _, v := range variants {
		c, stop, err := s.serve(ctx, v, host)
		if err != nil {
			return fmt.Errorf("variant %s: %w", v.key, err)
		}
		defer func() { err = errors.Join(err, stop()) }()
		clients = append(clients, c)
	}
	for _, op := range operations {
		fmt.Printf("measuring: %s, %s of round trip added\n", op.name, delay)
		times, err := latencies(ctx, clients, op, o.rounds, o.calls)
		if err != nil {
			return err
		}
		for i, v := range variants {
			r.add(op, v, delay, times[i])
		}
		if delay > 0 || op.key == "board" {
			continue
		}
		rates, err := throughput(ctx, clients, op, 8, 3, time.Second)
		if err != nil {
			return err
		}
		for i, v := range variants {
			r.Rates = append(r.Rates, rate{op.key, v.key, rates[i]})
		}
	}
	return nil
}

// A stage is the database with its data, the programs, and the customer that is measured.
type stage struct {
	dir      string
	postgres *embedded.Server
	super    *url.URL
	keys     string
	programs map[string]string
	admin    string  // e-mail of the customer's Admin
	token    string  // his
	ids      []int64 // of the customer's properties
}

// newStage starts a database, with settings of its own where it is embedded, and builds the programs.
func newStage(ctx context.Context, dsn string, which []variant, settings map[string]string) (s *stage, err error) {
	s = &stage{programs: map[string]string{}}
	// The database's user must enter it.
	if s.dir, err = os.MkdirTemp("", "portal-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := os.Chmod(s.dir, 0o755); err != nil { //nolint:gosec // see above
		return nil, err
	}
	if dsn == "" {
		binaries, err := embedded.Find(ctx)
		if err != nil {
			return nil, err
		}
		if s.postgres, err = embedded.Start(ctx, binaries, embedded.Config{Data: filepath.Join(s.dir, "data"), Settings: settings}); err != nil {
			return nil, err
		}
		dsn = s.postgres.URL("postgres")
	}
	if s.super, err = url.Parse(dsn); err != nil {
		return nil, errors.New("the URL cannot be read")
	}
	fmt.Println("building the programs and the data")
	return s, s.build(which)
}

func (s *stage) close() (err error) {
	if s.postgres != nil {
		err = s.postgres.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *stage) build(which []variant) error {
	root, err := run(nil, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	for _, v := range which {
		if s.programs[v.key], err = v.build(root, s.dir); err != nil {
			return err
		}
	}
	_, err = run(nil, "go", "build", "-o", filepath.Join(s.dir, "portal"), "contractor-portal")
	return err
}

// install makes the schema as `portal migrate` does.
func (s *stage) install() (err error) {
	program := filepath.Join(s.dir, "portal")
	if s.keys, err = run(nil, program, "keys", "new"); err != nil {
		return err
	}
	_, err = run([]string{
		"DATABASE_URL=" + s.super.String(), "PORTAL_KEYS=" + s.keys, "DATABASE_URL_APP=" + s.as("portal_app", s.super.Host),
		"DATABASE_URL_AUTH=" + s.as("portal_auth", s.super.Host), "DATABASE_URL_PLATFORM=" + s.as("portal_platform", s.super.Host),
	}, program, "migrate")
	return err
}

// fill loads the data, and lets the Admin of the customer that is measured log in.
func (s *stage) fill(ctx context.Context, customer, admin string, load func(context.Context, *pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.super.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	if err := load(ctx, conn); err != nil {
		return err
	}
	hash, err := auth.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	s.admin = admin
	if _, err := conn.Exec(ctx, "update platform.logins set password_hash = $1, confirmed_at = now() where email = $2", hash, admin); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "vacuum analyze"); err != nil {
		return err
	}
	rows, _ := conn.Query(ctx, "select id from portal.locations where customer_id = $1 order by id", customer)
	s.ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	return err
}

// as is the URL of a role at a host.
func (s *stage) as(role, host string) string {
	u := *s.super
	u.Host, u.User = host, url.UserPassword(role, "bench")
	return u.String()
}

// serve starts a variant against a database host and returns who calls it.
func (s *stage) serve(ctx context.Context, v variant, host string) (c *client, stop func() error, err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		return nil, nil, err
	}
	address := free.Addr().String()
	_ = free.Close()
	cmd := exec.CommandContext(ctx, s.programs[v.key]) //nolint:gosec // built a moment ago
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "BENCH_KEYS="+s.keys, "BENCH_LISTEN="+address, "BENCH_APP="+s.as(v.role, host),
		"BENCH_AUTH="+s.as("portal_auth", host), "BENCH_PLATFORM="+s.as("portal_platform", host))
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() error {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil
	}
	c = &client{url: "http://" + address, ids: s.ids, process: cmd.Process.Pid, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	for range 500 {
		res, err := c.http.Get(c.url + "/healthz") //nolint:noctx // bounded by the loop
		if err == nil {
			_ = res.Body.Close()
			c.token, err = s.login(ctx, c)
			return c, stop, err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, nil, errors.Join(errors.New("the server does not answer"), stop())
}

// login logs in once, by the portal as it is: the variants take its token.
func (s *stage) login(ctx context.Context, c *client) (string, error) {
	if s.token != "" {
		return s.token, nil
	}
	form := strings.NewReader(url.Values{"username": {s.admin}, "password": {password}}.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/api/login/", form)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&pair); err != nil || pair.AccessToken == "" {
		return "", fmt.Errorf("log-in: status %d, %w", res.StatusCode, err)
	}
	s.token = pair.AccessToken
	return s.token, nil
}

// run runs a program to its end, in its environment more than in ours.
func run(env []string, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // our own programs
	cmd.Env = append(os.Environ(), env...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, complaint.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}
