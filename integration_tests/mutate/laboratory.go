package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/embedded"
	"contractor-portal/db/install"
	"contractor-portal/server/auth"
)

// A laboratory holds what all mutants are made of: the built tests by name, and a stopped cluster with the
// database that the tests clone. Each mutant gets a copy of the cluster, so that one of roles is alone, too.
type laboratory struct {
	root     string // of the module
	dir      string
	programs map[string]string // test → the built package that has it
	keys     string
	binaries embedded.Binaries
	suspects []string        // who is asked where the tests that a mutant names pass
	usual    map[string]bool // lints with a finding where there is no hole
}

// packages have the tests.
var packages = []string{"./integration_tests/features", "./integration_tests/isolation", "./integration_tests/database", "./integration_tests/service", "./integration_tests/moving", "./server/auth"}

const template = "portal_template" // see integration_tests/harness

func newLaboratory(ctx context.Context, suspects []string) (l *laboratory, err error) {
	l = &laboratory{usual: map[string]bool{}, suspects: suspects}
	if l.binaries, err = embedded.Find(ctx); err != nil {
		return nil, err
	}
	keys, err := auth.NewKeys()
	if err != nil {
		return nil, err
	}
	l.keys = string(keys)
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, err
	}
	l.root = filepath.Dir(strings.TrimSpace(string(mod)))
	if l.dir, err = os.MkdirTemp("", "portal-mutants-"); err != nil {
		return nil, err
	}
	// The database's user must enter it.
	err = os.Chmod(l.dir, 0o755) //nolint:gosec // see above
	if err == nil {
		err = l.build(ctx)
	}
	if err == nil {
		err = l.install(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *laboratory) close() error { return os.RemoveAll(l.dir) }

// build compiles the tests once, with the mutants of the source asleep in them.
func (l *laboratory) build(ctx context.Context) error {
	sources := filepath.Join(l.dir, "source")
	if err := os.Mkdir(sources, 0o700); err != nil {
		return err
	}
	replaced, err := overlay(l.root, sources, mutants)
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", append([]string{"test", "-c", "-vet=off", "-overlay", replaced, "-o", l.dir + "/"}, packages...)...) //nolint:gosec // constant packages
	build.Dir = l.root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the mutants do not compile: %w\n%s", err, out)
	}
	return nil
}

// install makes the cluster that is copied: the tests, told to list themselves, install and fill their
// template before they do.
func (l *laboratory) install(ctx context.Context) error {
	server, err := l.start(ctx, "pristine")
	if err != nil {
		return err
	}
	l.programs = map[string]string{}
	for _, pkg := range packages {
		list, failed := l.command(ctx, server, pkg, "", "-test.list", ".").CombinedOutput()
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%w\n%s", failed, list))
		}
		for _, test := range strings.Fields(string(list)) {
			l.programs[test] = pkg
		}
	}
	return errors.Join(err, server.Stop(), check(mutants, slices.Collect(maps.Keys(l.programs))))
}

func (l *laboratory) start(ctx context.Context, name string) (*embedded.Server, error) {
	return embedded.Start(ctx, l.binaries, embedded.Config{
		Data:     filepath.Join(l.dir, name),
		Settings: map[string]string{"fsync": "off", "full_page_writes": "off", "max_connections": "300"},
	})
}

// fresh starts a copy of the cluster. It must be thrown away.
func (l *laboratory) fresh(ctx context.Context, name string) (*embedded.Server, error) {
	from, to := filepath.Join(l.dir, "pristine"), filepath.Join(l.dir, name)
	if out, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cp: %w: %s", err, out)
	}
	// Of two that start at once, the port of last time would be one's only.
	if err := os.Remove(filepath.Join(to, "port")); err != nil {
		return nil, err
	}
	return l.start(ctx, name)
}

func (l *laboratory) throwAway(server *embedded.Server, name string) error {
	return errors.Join(server.Stop(), os.RemoveAll(filepath.Join(l.dir, name)))
}

// baseline is what the holes are told from: without one all suspects pass, and few lints have a finding.
func (l *laboratory) baseline(ctx context.Context, chosen []mutant) (err error) {
	const name = "baseline"
	began := time.Now()
	server, err := l.fresh(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.throwAway(server, name)) }()
	lints, err := l.plant(ctx, server, mutant{})
	if err != nil {
		return err
	}
	for _, lint := range lints {
		l.usual[lint] = true
	}
	tests := killers(chosen)
	failed, out, err := l.run(ctx, server, "", tests)
	if err != nil || len(failed) > 0 {
		return fmt.Errorf("without a mutant %v fail (%w)\n%s", failed, err, out)
	}
	fmt.Printf("without a mutant %d tests pass, %d lints have a finding, %.0f s\n", len(tests), len(lints), time.Since(began).Seconds())
	return nil
}

// try makes one mutant and hunts it.
func (l *laboratory) try(ctx context.Context, m mutant) (o outcome) {
	o = outcome{Mutant: m.name, m: m}
	began := time.Now()
	defer func() { o.Seconds = time.Since(began).Seconds() }()
	server, err := l.fresh(ctx, m.name)
	if err != nil {
		o.Err = err.Error()
		return o
	}
	defer func() {
		if err := l.throwAway(server, m.name); err != nil {
			o.Err += err.Error()
		}
	}()
	lints, err := l.plant(ctx, server, m)
	if err != nil {
		o.Err = err.Error()
		return o
	}
	o.Lints = slices.DeleteFunc(lints, func(lint string) bool { return l.usual[lint] })
	rest := slices.DeleteFunc(slices.Clone(l.suspects), func(test string) bool { return slices.Contains(m.by, test) })
	for _, tests := range [][]string{m.by, rest} {
		var out []byte
		if o.Killers, out, err = l.run(ctx, server, m.name, tests); err != nil {
			o.Err = fmt.Sprintf("%v\n%s", err, out)
		}
		if o.Because = reason(out); err != nil || len(o.Killers) > 0 || len(l.suspects) == 0 {
			break
		}
	}
	return o
}

// plant makes the hole in the template, and returns the lints that see it.
func (l *laboratory) plant(ctx context.Context, server *embedded.Server, m mutant) (lints []string, err error) {
	err = install.Transaction(ctx, server.URL(template), func(ctx context.Context, tx pgx.Tx) error {
		// As portal migrate does, so that no event trigger refuses the hole.
		if _, err := tx.Exec(ctx, "set tenancy.installing = 'on'"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, m.sql); err != nil {
			return fmt.Errorf("%s: %w", m.sql, err)
		}
		for _, e := range m.function {
			var definition string
			if err := tx.QueryRow(ctx, "select pg_get_functiondef($1::regprocedure)", e.in).Scan(&definition); err != nil {
				return fmt.Errorf("%w: %w", errStale, err)
			}
			definition, err := e.apply(definition)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, definition); err != nil {
				return err
			}
		}
		rows, _ := tx.Query(ctx, "select distinct lint from tenancy.findings where severity in ('error', 'warning') order by lint")
		lints, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return lints, err
}

var failedTest = regexp.MustCompile(`(?m)^ *--- FAIL: (\S+)`)

// run runs tests with a mutant awake, and returns those that failed. It is an error where they ended
// otherwise than by passing or failing.
func (l *laboratory) run(ctx context.Context, server *embedded.Server, awake string, tests []string) (failed []string, out []byte, err error) {
	for pkg, tests := range l.byPackage(tests) {
		text, failed := l.command(ctx, server, pkg, awake, "-test.run", pattern(tests), "-test.timeout", "5m").CombinedOutput()
		out, err = append(out, text...), errors.Join(err, failed)
	}
	for _, found := range failedTest.FindAllSubmatch(out, -1) {
		if test := string(found[1]); slices.Contains(tests, test) {
			failed = append(failed, test)
		}
	}
	slices.Sort(failed)
	if bytes.Contains(out, []byte("panic: test timed out")) {
		return nil, out, errors.New("the tests timed out")
	}
	if len(failed) > 0 {
		return failed, out, nil
	}
	return nil, out, err
}

// byPackage sorts tests, and parts of tests, by the packages that have them.
func (l *laboratory) byPackage(tests []string) map[string][]string {
	sorted := map[string][]string{}
	for _, test := range tests {
		top, _, _ := strings.Cut(test, "/")
		sorted[l.programs[top]] = append(sorted[l.programs[top]], test)
	}
	return sorted
}

// pattern matches tests by their names, and parts of tests by theirs behind a slash.
func pattern(tests []string) string {
	var all []string
	for _, test := range tests {
		var elements []string
		for _, element := range strings.Split(test, "/") {
			elements = append(elements, "^"+regexp.QuoteMeta(element)+"$")
		}
		all = append(all, strings.Join(elements, "/"))
	}
	return strings.Join(all, "|")
}

// command is the program of a package of tests, on a cluster.
func (l *laboratory) command(ctx context.Context, server *embedded.Server, pkg, awake string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(l.dir, filepath.Base(pkg)+".test"), args...)
	c.Dir = filepath.Join(l.root, pkg)
	c.Env = append(os.Environ(), "TEST_CLUSTER="+server.URL("postgres"), "TEST_KEYS="+l.keys, "TEST_POSTGRES=embedded", "TEST_FULL=1", "TEST_REPORTS=", wakes+"="+awake)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	return c
}

var failureLine = regexp.MustCompile(`(?m)^ +(\w+_test\.go:\d+: .*)$`)

// reason is the first thing that a failed test complained of.
func reason(out []byte) string {
	found := failureLine.FindSubmatch(out)
	if found == nil {
		return ""
	}
	return string(found[1])
}
