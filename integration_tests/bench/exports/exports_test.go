// Package exports measures the export of many winter logs by the real program, as its own process: how long it takes, how
// much memory the server has at the most, and what another company notices of five at once.
package exports

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/bench/stage"
)

const (
	logs = 100_000

	goalSeconds = 20
	goalMB      = 250
	goalRatio   = 2.0
)

// Both companies have properties; one has the logs.
const seedSQL = `
insert into platform.customers (customer_id, company_name, max_users, max_properties)
values ('AAAA22222', 'Alder Grounds', 10, 1000), ('BBBB33333', 'Birch Grounds', 10, 1000);
insert into portal.users (customer_id, name, email, role, status)
values ('AAAA22222', 'Admin One', 'admin@a.example', 'Admin', 'active'), ('BBBB33333', 'Admin One', 'admin@b.example', 'Admin', 'active');
insert into portal.locations (customer_id, name, address)
select c, 'Property ' || n || ' of the Maple Plaza Group', n || ' Same Street, Springfield, NY 14201'
from unnest(array['AAAA22222', 'BBBB33333']) as c, generate_series(1, 500) as n;
insert into portal.winter_ops_logs (customer_id, property_id, contractor_name, worker_name, equipment, time_in, time_out, bulk_salt_qty, bag_salt_qty, notes)
select p.customer_id, p.id, 'Crew ' || n %% 20, 'Worker, Number ' || n %% 100, 'Plow Truck', '2026-01-01 06:00Z'::timestamptz + n * interval '7 minutes',
  '2026-01-01 06:00Z'::timestamptz + n * interval '7 minutes' + interval '95 minutes', n %% 7 * 0.25, n %% 3, 'Drifts at the dock, gate code ' || n
from generate_series(1, %d) as n
join (select customer_id, id, row_number() over (order by id) as at from portal.locations where customer_id = 'AAAA22222') p on p.at = n %% 500 + 1;
analyze`

// BenchmarkExport exports all logs of a company, each time by a fresh server.
func BenchmarkExport(b *testing.B) {
	p := prepare(b)
	for _, format := range []string{"xlsx", "csv"} {
		b.Run(format, func(b *testing.B) {
			var seconds, peak float64
			size := 0
			for b.Loop() {
				server := p.serve(b)
				start := time.Now()
				size = export(b, server, format)
				seconds = max(seconds, time.Since(start).Seconds())
				peak = max(peak, peakOf(b, server))
				server.Stop()
			}
			b.ReportMetric(seconds, "s/export")
			b.ReportMetric(peak, "MB-peak")
			b.Logf("%d logs, %d KiB: %.2f s (goal %d), VmHWM %.0f MB (goal %d)", logs, size>>10, seconds, goalSeconds, peak, goalMB)
		})
	}
}

// BenchmarkFiveAtOnce exports five times at once as one company, and times a list of another one alone and meanwhile.
func BenchmarkFiveAtOnce(b *testing.B) {
	p := prepare(b)
	for b.Loop() {
		server := p.serve(b)
		token, err := server.Login(b.Context(), "admin@b.example")
		if err != nil {
			b.Fatal(err)
		}
		other := *server
		other.Token = token
		list := func(until func() bool) (times []time.Duration) {
			for !until() {
				start := time.Now()
				if status, text := call(b, &other, http.MethodGet, "/properties/?limit=50", nil); status != http.StatusOK {
					b.Fatalf("status %d: %s", status, text)
				}
				times = append(times, time.Since(start))
			}
			return times
		}
		first := time.Now()
		list(func() bool { return time.Since(first) > time.Second }) // warms up
		begun := time.Now()
		alone := list(func() bool { return time.Since(begun) > 5*time.Second })

		start := time.Now()
		var five sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 5 {
			five.Go(func() {
				status, _ := call(b, server, http.MethodPost, "/export/winter-logs/", []byte("{}"))
				mu.Lock()
				defer mu.Unlock()
				statuses[status]++
			})
		}
		done := make(chan struct{})
		go func() { five.Wait(); close(done) }()
		crowded := list(func() bool {
			select {
			case <-done:
				return true
			default:
				return false
			}
		})
		ratio := p95(crowded) / p95(alone)
		b.ReportMetric(ratio, "p95-ratio")
		b.Logf("five in %.1f s, answered %v, VmHWM %.0f MB; the other's list: p50 %.2f ms, p95 %.2f ms alone, p50 %.2f ms, p95 %.2f ms meanwhile: %.2f times (goal %.1f)",
			time.Since(start).Seconds(), statuses, peakOf(b, server), at(alone, 50), p95(alone), at(crowded, 50), p95(crowded), ratio, goalRatio)
		server.Stop()
	}
}

func p95(times []time.Duration) float64 { return at(times, 95) }

// at is a percentile in milliseconds.
func at(times []time.Duration, percent int) float64 {
	slices.Sort(times)
	return float64(times[len(times)*percent/100].Microseconds()) / 1000
}

// A portal is an installed database with two companies and their Admins.
type portal struct {
	*stage.Stage
	env []string
}

func prepare(b *testing.B) *portal {
	b.Helper()
	s, err := stage.New(b.Context(), "", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	p := &portal{Stage: s}
	if p.env, err = s.Install(s.Super); err != nil {
		b.Fatal(err)
	}
	super, err := pgx.Connect(b.Context(), s.Super.String())
	if err != nil {
		b.Fatal(err)
	}
	defer super.Close(context.WithoutCancel(b.Context())) //nolint:errcheck // nothing is lost with it
	if _, err := super.PgConn().Exec(b.Context(), fmt.Sprintf(seedSQL, logs)).ReadAll(); err != nil {
		b.Fatal(err)
	}
	for _, email := range []string{"admin@a.example", "admin@b.example"} {
		if err := stage.LetIn(b.Context(), super, email); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

// serve starts a server, and logs in as the company with the logs.
func (p *portal) serve(b *testing.B) *stage.Server {
	b.Helper()
	s, err := stage.Serve(b.Context(), p.env, p.Portal, "serve")
	if err != nil {
		b.Fatal(err)
	}
	if s.Token, err = s.Login(b.Context(), "admin@a.example"); err != nil {
		b.Fatal(err)
	}
	return s
}

// export wants a file, and returns its size.
func export(b *testing.B, s *stage.Server, format string) int {
	b.Helper()
	status, text := call(b, s, http.MethodPost, "/export/winter-logs/?format="+format, []byte("{}"))
	if status != http.StatusOK || len(text) < 1<<20 {
		b.Fatalf("status %d, %d bytes: %.300s", status, len(text), text)
	}
	return len(text)
}

func call(b *testing.B, s *stage.Server, method, path string, body []byte) (status int, text []byte) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, "http://"+s.Address+path, bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return 0, nil
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Error(err)
		return 0, nil
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(res.Body); err != nil {
		b.Error(err)
	}
	return res.StatusCode, text
}

// peakOf is the most memory that the process had so far, in MB.
func peakOf(b *testing.B, s *stage.Server) float64 {
	b.Helper()
	_, peak, err := s.Memory()
	if err != nil {
		b.Fatal(err)
	}
	return peak
}
