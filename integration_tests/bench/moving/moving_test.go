// Package moving measures the import of an old portal with very many winter logs by the real program, as its own process:
// how many rows come in each second, and how much memory it has at the most.
package moving

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	goalRows = 20_000 // each second
	goalMB   = 200
)

// logs is how many there are; BENCH_LOGS is another number.
func logs(b *testing.B) int {
	b.Helper()
	text := os.Getenv("BENCH_LOGS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkImport imports into an empty customer, and then once more, where all is there already.
func BenchmarkImport(b *testing.B) {
	n := logs(b)
	m := harness.NewOldPortal(b, harness.GenerationB)
	m.ManyLogs(b, 1_000, n)
	for b.Loop() {
		p := harness.NewPortal(b)
		for _, round := range []string{"first", "again"} {
			took, peak := run(b, p, m)
			rate := float64(n) / took.Seconds()
			b.ReportMetric(rate, "rows/s-"+round)
			b.ReportMetric(peak, "MB-peak-"+round)
			b.Logf("%s: %d logs in %.1f s, %.0f rows/s (goal %d), VmHWM %.0f MB (goal %d)", round, n, took.Seconds(), rate, goalRows, peak, goalMB)
		}
		if have := harness.Query[int](p, `select count(*) from portal.winter_ops_logs where customer_id = 'LEGACY001'`); have != n+8 {
			b.Fatalf("%d logs", have)
		}
	}
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// run imports, and returns how long it took and the most memory that the process had.
func run(b *testing.B, p *harness.Portal, m harness.MariaDB) (took time.Duration, peakMB float64) {
	b.Helper()
	cmd := harness.Program(b, []string{"DATABASE_URL=" + harness.Suite.Cluster.URL("", p.Database), "PORTAL_IMPORT_FROM=" + m.DSN},
		"import", "mysql", "--back-door", harness.OldPortalDoor)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				b.Fatalf("%v\n%s", err, out.Bytes())
			}
			return time.Since(start), peakMB
		case <-time.After(20 * time.Millisecond):
		}
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if found := highWater.FindSubmatch(status); found != nil {
			kb, _ := strconv.ParseFloat(string(found[1]), 64)
			peakMB = kb / 1024
		}
	}
}
