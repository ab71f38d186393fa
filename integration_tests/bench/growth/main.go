// Growth measures whether a customer pays for the others: the same reads of the same amount of data, by
// servers whose databases differ in how many other customers there are. `task bench:growth` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/bench/stage"
)

const goal = 1.15 // of the medians, against the smallest set

func main() {
	var o options
	flag.StringVar(&o.dsn, "dsn", "", "a superuser's URL of a database, beside which those of the sets are made; an embedded PostgreSQL if absent")
	flag.StringVar(&o.sizes, "sizes", "10,100,1000,10000", "how many customers there are in each set, the fewest first; each has 1,000 logs")
	flag.IntVar(&o.rounds, "rounds", 25, "how often each set is measured in turn")
	flag.IntVar(&o.calls, "calls", 40, "calls of a set in one round")
	flag.StringVar(&o.json, "json", "growth.json", "where the figures go")
	flag.Parse()
	stage.Main("growth", func(ctx context.Context) error { return growth(ctx, o) })
}

type options struct {
	dsn, sizes    string
	rounds, calls int
	json          string
}

var operations = []stage.Operation{
	stage.List,
	stage.Board,
	{Key: "logs", Name: "winter logs, 50", Method: "GET", Path: "/winter-logs/?limit=50"},
}

// The data is thrown away with the machine that fails. Only reads are measured, and these settings do not
// change what a read costs; neither does autovacuum, which would come in between: each set is vacuumed
// when it is loaded, and nothing changes afterwards.
var settings = map[string]string{
	"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off",
	"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "8GB", "checkpoint_timeout": "1h",
	"maintenance_work_mem": "1GB", "shared_buffers": "1GB",
}

// growth prints the figures, and fails where the goal is missed.
func growth(ctx context.Context, o options) (err error) {
	sizes, err := parse(o.sizes)
	if err != nil {
		return err
	}
	began := time.Now()
	s, err := stage.New(ctx, o.dsn, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	r := report{Machine: stage.Machine(), Each: fmt.Sprintf(each, people, properties, events, logs), Rounds: o.rounds, Calls: o.calls, Goal: goal}
	if err := execute(ctx, s.Super, func(conn *pgx.Conn) error {
		r.PostgreSQL = conn.PgConn().ParameterStatus("server_version")
		return nil
	}); err != nil {
		return err
	}
	var servers []*stage.Server
	for _, n := range sizes {
		set := &dataSet{Customers: n, Logs: n * logs}
		server, end, err := set.prepare(ctx, s)
		if err != nil {
			return fmt.Errorf("%d customers: %w", n, err)
		}
		defer func() { err = errors.Join(err, end()) }()
		r.Sets, servers = append(r.Sets, set), append(servers, server)
	}
	if err := r.measure(ctx, servers); err != nil {
		return err
	}
	r.Seconds = time.Since(began).Seconds()
	r.print(os.Stdout)
	if r.Worst > goal {
		err = errors.New("the goal is missed")
	}
	return errors.Join(err, stage.WriteJSON(o.json, r))
}

// parse reads the numbers of customers.
func parse(sizes string) (all []int, err error) {
	for word := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(word)
		// The measured customer has a number of five digits, and rows have one of 32 bits.
		if err != nil || n < 2 || n > 99_999 {
			return nil, fmt.Errorf("%q is no number of customers", word)
		}
		all = append(all, n)
	}
	return all, nil
}

// A dataSet is a database in which so many customers have the same amount of data. One in the middle is
// measured.
type dataSet struct {
	Customers  int      `json:"customers"`
	Logs       int      `json:"logs"`
	Database   int64    `json:"database_bytes"`
	LogTable   int64    `json:"log_table_bytes"`
	LogIndexes int64    `json:"log_indexes_bytes"`
	Seconds    float64  `json:"load_seconds"`
	Resident   float64  `json:"server_resident_mb"`
	Peak       float64  `json:"server_peak_mb"`
	Figures    []figure `json:"latencies"`
}

// prepare makes the database and starts a server on it.
func (set *dataSet) prepare(ctx context.Context, s *stage.Stage) (server *stage.Server, end func() error, err error) {
	began := time.Now()
	database := *s.Super
	database.Path = fmt.Sprintf("/growth_%d", set.Customers)
	name := strings.TrimPrefix(database.Path, "/")
	if err := execute(ctx, s.Super, statement(ctx, "create database "+name)); err != nil {
		return nil, nil, err
	}
	env, err := s.Install(&database)
	if err != nil {
		return nil, nil, err
	}
	number := set.Customers / 2
	err = execute(ctx, &database, func(conn *pgx.Conn) error {
		if err := set.load(ctx, conn); err != nil {
			return err
		}
		return stage.LetIn(ctx, conn, adminOf(number))
	})
	if err != nil {
		return nil, nil, err
	}
	set.Seconds = time.Since(began).Seconds()
	fmt.Printf("%d customers, %d logs: loaded in %.0f s\n", set.Customers, set.Logs, set.Seconds)

	if server, err = stage.Serve(ctx, env, s.Portal, "serve"); err != nil {
		return nil, nil, err
	}
	end = func() error {
		server.Stop()
		ctx := context.WithoutCancel(ctx)
		return execute(ctx, s.Super, statement(ctx, "drop database "+name+" with (force)"))
	}
	if server.Token, err = server.Login(ctx, adminOf(number)); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return server, end, nil
}

// execute runs fn with a connection to a database.
func execute(ctx context.Context, database *url.URL, fn func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, database.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	return fn(conn)
}

func statement(ctx context.Context, sql string) func(*pgx.Conn) error {
	return func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	}
}
