package main

import (
	"context"
	"fmt"
	"io"

	"contractor-portal/integration_tests/bench/stage"
)

// A report is all that was measured.
type report struct {
	Machine    string     `json:"machine"`
	PostgreSQL string     `json:"postgresql"`
	Each       string     `json:"each_customer"`
	Rounds     int        `json:"rounds"`
	Calls      int        `json:"calls_per_round"`
	Seconds    float64    `json:"seconds"`
	Sets       []*dataSet `json:"sets"`
	Goal       float64    `json:"goal"`
	Worst      float64    `json:"largest_ratio"`
}

// A figure is an operation in one set. Ratio is its median through that of the first set.
type figure struct {
	Operation string  `json:"operation"`
	P50       float64 `json:"p50_us"`
	P95       float64 `json:"p95_us"`
	Ratio     float64 `json:"to_the_smallest"`
}

// measure calls the servers of all sets in turn, and sees how much memory they have taken.
func (r *report) measure(ctx context.Context, servers []*stage.Server) error {
	for _, op := range operations {
		fmt.Printf("measuring: %s\n", op.Name)
		times, err := stage.Latencies(ctx, servers, op, r.Rounds, r.Calls)
		if err != nil {
			return err
		}
		smallest := stage.Micros(stage.Percentile(times[0], 50))
		for i, set := range r.Sets {
			f := figure{op.Key, stage.Micros(stage.Percentile(times[i], 50)), stage.Micros(stage.Percentile(times[i], 95)), 0}
			f.Ratio = f.P50 / smallest
			r.Worst = max(r.Worst, f.Ratio)
			set.Figures = append(set.Figures, f)
		}
	}
	for i, set := range r.Sets {
		var err error
		if set.Resident, set.Peak, err = servers[i].Memory(); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) print(w io.Writer) {
	const mb = 1 << 20
	fmt.Fprintf(w, "\n%s; PostgreSQL %s; each customer: %s\n%d rounds of %d calls, one caller; %.0f s in all\n\n",
		r.Machine, r.PostgreSQL, r.Each, r.Rounds, r.Calls, r.Seconds)
	fmt.Fprintf(w, "customers      logs   database MB   logs MB   their indexes MB   load s   server MB, at its peak\n")
	for _, set := range r.Sets {
		fmt.Fprintf(w, "%9d %9d %13d %9d %18d %8.0f %11.0f %13.0f\n",
			set.Customers, set.Logs, set.Database/mb, set.LogTable/mb, set.LogIndexes/mb, set.Seconds, set.Resident, set.Peak)
	}
	fmt.Fprintf(w, "\n%-16s customers    p50 µs    p95 µs   to the smallest\n", "operation")
	for i, op := range operations {
		for _, set := range r.Sets {
			f := set.Figures[i]
			fmt.Fprintf(w, "%-16s %9d %9.0f %9.0f %17.2f\n", op.Name, set.Customers, f.P50, f.P95, f.Ratio)
		}
	}
	fmt.Fprintf(w, "\nthe largest ratio: %.2f (goal: at most %.2f)\n", r.Worst, r.Goal)
}
