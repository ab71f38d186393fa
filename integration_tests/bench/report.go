package main

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/bench/stage"
)

// A report is all that was measured, in microseconds.
type report struct {
	Machine    string   `json:"machine"`
	Go         string   `json:"go"`
	PostgreSQL string   `json:"postgresql"`
	Data       string   `json:"data"`
	Rounds     int      `json:"rounds"`
	Calls      int      `json:"calls_per_round"`
	Added      float64  `json:"round_trip_added_us"`
	Seconds    float64  `json:"seconds"`
	Cells      []cell   `json:"latencies"`
	Rates      []rate   `json:"answers_per_second_with_8_callers"`
	Floor      []floor  `json:"driver_without_http"`
	Variants   []legend `json:"variants"`
}

// A cell is an operation of one variant. Ratio is ours through the variant's, of the medians.
type cell struct {
	Operation string  `json:"operation"`
	Variant   string  `json:"variant"`
	Network   bool    `json:"network"`
	P50       float64 `json:"p50_us"`
	P95       float64 `json:"p95_us"`
	P99       float64 `json:"p99_us"`
	Ratio     float64 `json:"ours_to_this"`
}

type rate struct {
	Operation string  `json:"operation"`
	Variant   string  `json:"variant"`
	PerSecond float64 `json:"per_second"`
}

type floor struct {
	Name string  `json:"name"`
	P50  float64 `json:"p50_us"`
	P95  float64 `json:"p95_us"`
}

type legend struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

func (r *report) add(op stage.Operation, v variant, delay time.Duration, times []time.Duration) {
	c := cell{op.Key, v.key, delay > 0, stage.Micros(stage.Percentile(times, 50)), stage.Micros(stage.Percentile(times, 95)), stage.Micros(stage.Percentile(times, 99)), 1}
	for _, other := range r.Cells {
		if other.Operation == c.Operation && other.Network == c.Network && other.Variant == ours {
			c.Ratio = other.P50 / c.P50
		}
	}
	r.Cells = append(r.Cells, c)
}

// about says what the figures were measured on.
func (r *report) about(ctx context.Context, d *database) error {
	conn, err := pgx.Connect(ctx, d.Super.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	if err := conn.QueryRow(ctx, "select current_setting('server_version')").Scan(&r.PostgreSQL); err != nil {
		return err
	}
	r.Machine, r.Go = stage.Machine(), runtime.Version()
	for _, v := range variants {
		r.Variants = append(r.Variants, legend{v.key, v.name})
	}
	return nil
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s; %s; PostgreSQL %s\n%s; %d rounds of %d calls, one caller; %.0f s in all\n", r.Machine, r.Go, r.PostgreSQL, r.Data, r.Rounds, r.Calls, r.Seconds)
	for _, v := range r.Variants {
		fmt.Fprintf(w, "  %s  %s\n", v.Key, v.Name)
	}
	for _, network := range []bool{false, true} {
		if network {
			fmt.Fprintf(w, "\nwith a network that adds %.0f µs to a round trip, as measured\n", r.Added)
		} else {
			fmt.Fprintf(w, "\nwithout network\n")
		}
		fmt.Fprintf(w, "  %-12s %-2s %9s %9s %9s  %s\n", "operation", "", "p50 µs", "p95 µs", "p99 µs", "a : this")
		for _, op := range operations {
			for _, c := range r.Cells {
				if c.Operation == op.Key && c.Network == network {
					fmt.Fprintf(w, "  %-12s %-2s %9.0f %9.0f %9.0f  %.2f\n", op.Name, c.Variant, c.P50, c.P95, c.P99, c.Ratio)
				}
			}
		}
	}
	fmt.Fprintf(w, "\nanswers per second with 8 callers, without network\n")
	var of map[string]float64
	for _, rate := range r.Rates {
		if rate.Variant == ours {
			of = map[string]float64{rate.Operation: rate.PerSecond}
		}
		fmt.Fprintf(w, "  %-12s %-2s %9.0f  %.2f\n", rate.Operation, rate.Variant, rate.PerSecond, of[rate.Operation]/rate.PerSecond)
	}
	fmt.Fprintf(w, "\nthe bare driver, one connection, no HTTP: single read\n")
	for _, f := range r.Floor {
		fmt.Fprintf(w, "  %-45s p50 %6.0f µs, p95 %6.0f µs\n", f.Name, f.P50, f.P95)
	}
}

// A bar of the chart; lengths in its own units.
type bar struct {
	Y, Length int
	Colour    string
	Label     string
}

type group struct {
	Y     int
	Title string
	Bars  []bar
}

var colours = map[string]string{ours: "#1b6e3c", filtered: "#8a8f98", checked: "#b7791f", usual: "#a23b3b"}

var chart = template.Must(template.New("chart").Parse(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {{.Height}}" font-family="sans-serif" font-size="13">
<rect width="900" height="{{.Height}}" fill="#ffffff"/>
<text x="20" y="28" font-size="17" font-weight="bold">What a request takes, in µs (median)</text>
<text x="20" y="48" fill="#555">{{.About}}</text>
{{range .Legend}}<rect x="20" y="{{.Y}}" width="14" height="14" fill="{{.Colour}}"/><text x="42" y="{{.Y}}" dy="12">{{.Label}}</text>
{{end}}{{range .Groups}}<text x="20" y="{{.Y}}" font-weight="bold">{{.Title}}</text>
{{range .Bars}}<rect x="20" y="{{.Y}}" width="{{.Length}}" height="14" fill="{{.Colour}}"/><text x="{{.Length}}" y="{{.Y}}" dx="28" dy="12">{{.Label}}</text>
{{end}}{{end}}</svg>
`))

// writeChart draws the medians as bars, grouped by operation.
func (r *report) writeChart(file string) error {
	const line, widest = 19, 620
	y := 62
	var legends []bar
	for _, v := range r.Variants {
		legends = append(legends, bar{y, 0, colours[v.Key], v.Name})
		y += line
	}
	longest := 0.0
	for _, c := range r.Cells {
		longest = max(longest, c.P50)
	}
	var groups []group
	for _, network := range []bool{false, true} {
		for _, op := range operations {
			y += 26
			g := group{Y: y, Title: op.Name}
			if network {
				g.Title += fmt.Sprintf(", %.1f ms of round trip to the database added", roundTrip.Seconds()*1000)
			}
			y += 6
			for _, c := range r.Cells {
				if c.Operation == op.Key && c.Network == network {
					label := fmt.Sprintf("%.0f", c.P50)
					if c.Variant != ours {
						label += fmt.Sprintf(", ours : this = %.2f", c.Ratio)
					}
					g.Bars = append(g.Bars, bar{y, int(c.P50 / longest * widest), colours[c.Variant], label})
					y += line
				}
			}
			groups = append(groups, g)
		}
	}
	var text strings.Builder
	err := chart.Execute(&text, map[string]any{
		"Height": y + 20, "About": fmt.Sprintf("%s, PostgreSQL %s, %s", r.Machine, r.PostgreSQL, r.Data), "Legend": legends, "Groups": groups,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text.String()), 0o644) //nolint:gosec // a picture for everybody
}
