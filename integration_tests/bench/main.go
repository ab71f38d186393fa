// Bench measures what tenancy costs: the same operations over HTTP, by this portal and by variants of it
// that keep companies apart in other ways, interleaved, with and without a network between server and
// database. `task bench` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/bench/stage"
)

func main() {
	var o options
	flag.StringVar(&o.dsn, "dsn", "", "a superuser's URL of an empty database; an embedded PostgreSQL if absent")
	flag.IntVar(&o.rounds, "rounds", 12, "how often each variant is measured in turn")
	flag.IntVar(&o.calls, "calls", 40, "calls of a variant in one round")
	flag.StringVar(&o.json, "json", "bench.json", "where the figures go")
	flag.StringVar(&o.chart, "chart", "bench.svg", "where the chart goes; the README shows integration_tests/bench/bench.svg")
	flag.Parse()
	stage.Main("bench", func(ctx context.Context) error { return bench(ctx, o) })
}

type options struct {
	dsn           string
	rounds, calls int
	json, chart   string
}

// roundTrip is what the network adds in the second half.
const roundTrip = 500 * time.Microsecond

func bench(ctx context.Context, o options) (err error) {
	began := time.Now()
	s, err := newDatabase(ctx, o.dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

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
	return errors.Join(stage.WriteJSON(o.json, r), r.writeChart(o.chart))
}

// measure starts every variant and measures all operations; with a delay between server and database
// where there is one.
func (d *database) measure(ctx context.Context, r *report, o options, delay time.Duration) error {
	host := d.Super.Host
	if delay > 0 {
		n, err := newNetwork(ctx, host, delay)
		if err != nil {
			return err
		}
		defer n.listener.Close() //nolint:errcheck // nothing is lost with it
		host = n.address()
		if r.Added, err = d.added(ctx, host); err != nil {
			return err
		}
	}
	var servers []*stage.Server
	for _, v := range variants {
		s, err := d.serve(ctx, v, host)
		if err != nil {
			return fmt.Errorf("variant %s: %w", v.key, err)
		}
		defer s.Stop()
		servers = append(servers, s)
	}
	for _, op := range operations {
		fmt.Printf("measuring: %s, %s of round trip added\n", op.Name, delay)
		times, err := stage.Latencies(ctx, servers, op, o.rounds, o.calls)
		if err != nil {
			return err
		}
		for i, v := range variants {
			r.add(op, v, delay, times[i])
		}
		if delay > 0 || op.Key == "board" {
			continue
		}
		rates, err := throughput(ctx, servers, op, 8, 3, time.Second)
		if err != nil {
			return err
		}
		for i, v := range variants {
			r.Rates = append(r.Rates, rate{op.Key, v.key, rates[i]})
		}
	}
	return nil
}

// A database is a stage with its data, the variants' programs, and a token of the customer's Admin.
type database struct {
	*stage.Stage
	programs map[string]string
	token    string
	ids      []int64 // of the customer's properties
}

func newDatabase(ctx context.Context, dsn string) (d *database, err error) {
	fmt.Println("building the variants and the data")
	d = &database{programs: map[string]string{}}
	if d.Stage, err = stage.New(ctx, dsn, nil); err != nil {
		return nil, err
	}
	if err := errors.Join(d.build(), d.install(ctx)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *database) build() error {
	root, err := stage.Run(nil, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	for _, v := range variants {
		if d.programs[v.key], err = v.build(root, d.Stage); err != nil {
			return err
		}
	}
	return nil
}

// install makes the schema and the data.
func (d *database) install(ctx context.Context) error {
	if _, err := d.Install(d.Super); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, d.Super.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	if err := fill(ctx, conn); err != nil {
		return err
	}
	rows, _ := conn.Query(ctx, "select id from portal.locations where customer_id = $1 order by id", first)
	d.ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	return err
}

// as is the URL of a role at a host.
func (d *database) as(role, host string) string { return stage.As(d.at(host), role) }

// at is the superuser's URL, had the database this host.
func (d *database) at(host string) *url.URL {
	u := *d.Super
	u.Host = host
	return &u
}

// serve starts a variant against a database host. The portal as it is logs in, once: the variants take
// its token.
func (d *database) serve(ctx context.Context, v variant, host string) (*stage.Server, error) {
	s, err := stage.Serve(ctx, append(d.Env(d.at(host)), "DATABASE_URL_APP="+d.as(v.role, host)), d.programs[v.key])
	if err != nil {
		return nil, err
	}
	if d.token == "" {
		if d.token, err = s.Login(ctx, admin); err != nil {
			s.Stop()
			return nil, err
		}
	}
	s.Token, s.IDs = d.token, d.ids
	return s, nil
}
