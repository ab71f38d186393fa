// Command mutate proves that the tests see holes. It makes one hole at a time, in a freshly installed
// database or in the server's source, and runs the tests that the mutant names, which attack or use the system:
// at least one must fail, and the lints of tenancy.findings that the hole is theirs to name must name it. It
// prints which test killed which mutant (into TEST_REPORTS, too: mutation-summary.json and mutation-report.json), and ends with status 1 where one survived, a lint was silent, or a
// mutant no longer fits the source. With -search it asks the tests that other mutants name, too.
//
//	go run ./integration_tests/mutate [-run REGEXP] [-jobs N] [-search]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type options struct {
	run    *regexp.Regexp
	every  int
	jobs   int
	search bool
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	only := flag.String("run", ".", "only the mutants whose name matches")
	every := flag.Int("every", 1, "one mutant in so many")
	// Each waits for its PostgreSQL half of the time.
	jobs := flag.Int("jobs", 2*runtime.NumCPU(), "mutants at a time")
	search := flag.Bool("search", false, "where the tests that a mutant names pass, run those that any other names: minutes for each that survives")
	flag.Parse()
	run, err := regexp.Compile(*only)
	if err == nil {
		err = mutate(ctx, options{run, *every, *jobs, *search})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func mutate(ctx context.Context, o options) (err error) {
	began := time.Now()
	chosen := slices.DeleteFunc(slices.Clone(mutants), func(m mutant) bool { return !o.run.MatchString(m.name) })
	if chosen, err = oneIn(ctx, o.every, chosen); err != nil {
		return err
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no mutant is called %q", o.run)
	}
	var suspects []string
	if o.search {
		suspects = killers(mutants)
	}
	l, err := newLaboratory(ctx, suspects)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	fmt.Printf("%d of %d mutants; built and installed in %.0f s\n", len(chosen), len(mutants), time.Since(began).Seconds())
	if err := l.baseline(ctx, chosen); err != nil {
		return err
	}

	outcomes := make([]outcome, len(chosen))
	var print sync.Mutex
	queue := make(chan int)
	var workers sync.WaitGroup
	for range o.jobs {
		workers.Go(func() {
			for i := range queue {
				outcomes[i] = l.try(ctx, chosen[i])
				print.Lock()
				outcomes[i].print(os.Stdout)
				print.Unlock()
			}
		})
	}
	for i := range chosen {
		queue <- i
	}
	close(queue)
	workers.Wait()
	if err := writeReports(fmt.Sprintf("PostgreSQL %d", l.binaries.Major), outcomes); err != nil {
		return err
	}
	return summarize(os.Stdout, outcomes, time.Since(began))
}

// oneIn is the share of this commit.
func oneIn(ctx context.Context, n int, all []mutant) (share []mutant, err error) {
	if n <= 1 {
		return all, nil
	}
	out, err := exec.CommandContext(ctx, "git", "rev-list", "--count", "HEAD").Output()
	if err != nil {
		return nil, fmt.Errorf("git does not say which commit this is: %w", err)
	}
	commits, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		return nil, err
	}
	for i := commits % n; i < len(all); i += n {
		share = append(share, all[i])
	}
	return share, nil
}
