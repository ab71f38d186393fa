// Package integration_tests proves the portal from outside: HTTP in, JSON out, and SQL as the roles of
// the API, against a real PostgreSQL.
package integration_tests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
	"contractor-portal/schema"
	"contractor-portal/server/auth"
)

// suite is what all tests share: one cluster, a template database in it, and the secrets.
var suite struct {
	cluster  cluster
	keys     *auth.Keys
	keysText string
	template string // the database that each test clones
	programs string // where the portal is built for the tests that run it
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration tests:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	suite.template = "portal_template"
	suite.keysText = os.Getenv("TEST_KEYS")
	running := os.Getenv("TEST_CLUSTER")
	if running != "" {
		suite.cluster, err = runningCluster(ctx, running)
	} else {
		suite.cluster, err = startCluster(ctx)
	}
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, suite.cluster.stop(), os.RemoveAll(suite.programs)) }()
	fmt.Println("PostgreSQL under test:", suite.cluster.description)

	if suite.keysText == "" {
		text, err := auth.NewKeys()
		if err != nil {
			return 1, err
		}
		suite.keysText = string(text)
	}
	if suite.keys, err = auth.ParseKeys(suite.keysText); err != nil {
		return 1, err
	}
	if err := makeTemplate(ctx); err != nil {
		return 1, err
	}
	code = m.Run()
	if n := walked.cells.Load(); n > 0 {
		fmt.Printf("cross-company walk: %d operations, %d cells (operation × place of an id × caller)\n", walked.operations.Load(), n)
	}
	return code, writeReport()
}

// options install a database of the cluster with the suite's keys and roles.
func options(c cluster, database string) install.Options {
	o := install.Options{URL: c.url("", database), Roles: []string{c.url("portal_app", database), c.url("portal_auth", database), c.url("portal_platform", database)}}
	for _, p := range suite.keys.Pads() {
		o.Pads = append(o.Pads, install.Pad(p))
	}
	return o
}

// makeTemplate installs the template and fills it with the two companies that every test finds. One that
// is there already stays as it is: integration_tests/mutate has made a hole in it.
func makeTemplate(ctx context.Context) error {
	there, err := exists(ctx, suite.cluster.url("", "postgres"), suite.template)
	if err != nil || there {
		return err
	}
	if err := execute(ctx, suite.cluster.url("", "postgres"), "create database "+suite.template); err != nil {
		return err
	}
	if err := install.Up(ctx, schema.Source(), options(suite.cluster, suite.template)); err != nil {
		return err
	}
	// A role's connections are counted over all databases of the cluster, and each test has one.
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform"} {
		if err := execute(ctx, suite.cluster.url("", "postgres"), "alter role "+role+" connection limit -1"); err != nil {
			return err
		}
	}
	return seed(ctx, suite.cluster.url("", suite.template))
}

// seed fills an installed database with the two companies, as its installer.
func seed(ctx context.Context, url string) error {
	hash, err := auth.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, seedSQL); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update platform.logins set password_hash = $1, confirmed_at = now()`, hash); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update platform.operators set password_hash = $1`, hash)
		return err
	})
}

func exists(ctx context.Context, url, database string) (there bool, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false, err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	err = conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", database).Scan(&there)
	return there, err
}

func execute(ctx context.Context, url string, statements ...string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}
