// Fairness measures what one company's flood does to another: company A keeps a hundred reads open, and
// company B is timed with and without it. `task bench:fairness` runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"time"

	"contractor-portal/integration_tests/bench/stage"
)

const goal = 1.5 // B's p99 in the flood, against B's alone

func main() {
	var o options
	flag.IntVar(&o.runs, "runs", 5, "runs; the median counts")
	flag.IntVar(&o.open, "open", 100, "reads of A that are open at once")
	flag.IntVar(&o.conns, "connections", 10, "of the tenants' pool")
	flag.IntVar(&o.share, "share", 0, "connections that one company may hold; 0: the server's default")
	flag.IntVar(&o.starts, "starts", 0, "units of work of one company in their first 50 ms; 0: the server's default")
	flag.DurationVar(&o.each, "each", 4*time.Second, "how long B is timed, alone and in the flood")
	flag.Parse()
	stage.Main("fairness", func(ctx context.Context) error {
		if flag.NArg() > 0 {
			return load(ctx, flag.Args())
		}
		return compare(ctx, o)
	})
}

type options struct {
	runs, open, conns, share, starts int
	each                             time.Duration
}

// compare prints a line for each run and the medians; it fails where the goal is missed or a request of
// B failed.
func compare(ctx context.Context, o options) (err error) {
	b, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	fmt.Printf("%d processors, Go %s, %s, a pool of %d connections, %d of them for one company at the most\n",
		runtime.NumCPU(), runtime.Version(), b.version, o.conns, b.share)
	fmt.Printf("company A: %d requests open; company B: one at a time; both read one property and a list of 50, in turn\n\n", o.open)
	if _, err := b.clients(ctx, "B", 1, time.Second); err != nil { // warms up
		return err
	}
	fmt.Println("run   B alone: p50, p99 ms   B in the flood: p50, p99 ms   p99 ratio   A requests/s   B errors")
	var ratios []float64
	failed := 0
	for run := range o.runs {
		alone, err := b.clients(ctx, "B", 1, o.each)
		if err != nil {
			return err
		}
		flood := b.start(ctx, "A", o.open, o.each+2*time.Second)
		time.Sleep(time.Second) // until it stands
		crowded, err := b.clients(ctx, "B", 1, o.each)
		a, floodErr := flood()
		if err = errors.Join(err, floodErr); err != nil {
			return err
		}
		ratio := crowded.P99 / alone.P99
		ratios = append(ratios, ratio)
		failed += alone.Errors + crowded.Errors
		fmt.Printf("%3d   %11.2f, %6.2f      %16.2f, %6.2f         %9.2f   %12.0f   %8d\n",
			run+1, alone.P50, alone.P99, crowded.P50, crowded.P99, ratio, float64(a.Answers)/(o.each+2*time.Second).Seconds(), alone.Errors+crowded.Errors)
	}
	slices.Sort(ratios)
	median := ratios[len(ratios)/2]
	fmt.Printf("\nmedian of the ratios: %.2f (goal: at most %.1f); errors of B: %d (goal: 0)\n", median, goal, failed)
	if median > goal || failed > 0 {
		return errors.New("the goal is missed")
	}
	return nil
}

// clients runs the clients of a company in a process of their own, as they are not the server's, and
// returns what they saw.
func (b *both) clients(ctx context.Context, company string, n int, d time.Duration) (result, error) {
	return b.start(ctx, company, n, d)()
}

func (b *both) start(ctx context.Context, company string, n int, d time.Duration) (wait func() (result, error)) {
	// The many clients would be on other machines: they leave this one's processors to the server.
	args := []string{b.self, b.server.Address, strconv.Itoa(n), d.String(), b.ids[company]}
	if nice, err := exec.LookPath("nice"); err == nil && n > 1 {
		args = append([]string{nice, "-n", "19"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // this program
	// A token on the command line would be seen by all of the machine.
	cmd.Env = append(os.Environ(), "TOKEN="+b.tokens[company])
	cmd.Stderr = os.Stderr
	type ended struct {
		text []byte
		err  error
	}
	done := make(chan ended, 1)
	go func() {
		text, err := cmd.Output()
		done <- ended{text, err}
	}()
	return func() (r result, err error) {
		e := <-done
		if e.err != nil {
			return r, e.err
		}
		return r, json.Unmarshal(e.text, &r)
	}
}
