package moving

import (
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving"
)

// kills is how often a program that moves a customer is killed; TEST_KILLS=20 is the whole.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("TEST_KILLS")); err == nil {
		return n
	}
	return 2
}

// mortally runs the program and kills it at some moment of the time that it is said to take, if it has not ended by then.
// It returns when the database has noticed.
func mortally(t *testing.T, p *harness.Portal, takes time.Duration, args ...string) (killed bool) {
	t.Helper()
	cmd := harness.Program(t, []string{"DATABASE_URL=" + databaseURL(p)}, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(rand.Int63n(int64(takes))))
	_ = cmd.Process.Kill()
	killed = cmd.Wait() != nil
	harness.WaitFor(t, "the end of the killed program's sessions", func() bool {
		return harness.Query[int](p, `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'portal migrate'`) == 0
	})
	return killed
}

// wholeIfThere looks at an archive that an export may have left: it is whole then.
func wholeIfThere(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	dir := t.TempDir()
	if err := moving.Unpack(file, dir); err != nil {
		t.Error("a killed export left ", err)
		return
	}
	if _, err := moving.ReadManifest(dir); err != nil {
		t.Error("a killed export left ", err)
	}
}

// Whatever moment an export, an erasure or a restore is killed at, the customer is there as a whole or not at all; the same
// command ends what it began; and everything is as it was, the other company's all the time.
func TestKilled_NothingIsHalf(t *testing.T) {
	t.Parallel()
	p := full(t)
	p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, worker_name, time_in, time_out, status, notes)
		select $1, min(id), 'Worker ' || n, timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '2 minutes', 'closed', repeat('x', n % 50)
		from portal.locations, generate_series(1, 20000) as n where customer_id = $1 group by n`, harness.CompanyA)
	cancel(p)
	before, m := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	other, _ := exported(t, p, harness.CompanyB, moving.ExportOptions{})
	logs := func() int {
		return harness.Query[int](p, `select count(*) from portal.winter_ops_logs where customer_id = $1`, harness.CompanyA)
	}
	there := func() bool {
		return harness.Query[bool](p, `select exists (select from platform.customers where customer_id = $1)`, harness.CompanyA)
	}
	whole := logs()
	check := func(what string) {
		t.Helper()
		if want := map[bool]int{true: whole, false: 0}[there()]; logs() != want {
			t.Fatalf("after the %s was killed there are %d logs, and the customer is there: %t", what, logs(), there())
		}
	}
	run := func(args ...string) time.Duration {
		t.Helper()
		begun := time.Now()
		if out, err := harness.Command(t, databaseURL(p), args...); err != nil {
			t.Fatalf("%v: %s", args, out)
		}
		return time.Since(begun)
	}
	_ = harness.Program(t, nil) // is built before anything is timed
	to := filepath.Join(t.TempDir(), "a.tar.zst")
	exports := run("customers", "export", harness.CompanyA, "--to", to)
	erasures := run("customers", "erase", harness.CompanyA, "--archive", before)
	restores := run("customers", "restore", before)
	hit := map[string]int{}
	for i := range kills() {
		path := filepath.Join(filepath.Dir(to), "b"+strconv.Itoa(i)+".tar.zst")
		if mortally(t, p, exports, "customers", "export", harness.CompanyA, "--to", path) {
			hit["export"]++
			wholeIfThere(t, path)
		}
		if mortally(t, p, erasures, "customers", "erase", harness.CompanyA, "--archive", before) {
			hit["erasure"]++
		}
		check("erasure")
		if there() {
			run("customers", "erase", harness.CompanyA, "--archive", before)
		}
		if mortally(t, p, restores, "customers", "restore", before) {
			hit["restore"]++
		}
		check("restore")
		if !there() {
			run("customers", "restore", before)
		}
	}
	p.Exec(`delete from platform.audit_log where customer_id = $1 and action in ('customer.exported', 'customer.restored')`, harness.CompanyA)
	after, _ := exported(t, p, harness.CompanyA, moving.ExportOptions{})
	same(t, before, after)
	still, _ := exported(t, p, harness.CompanyB, moving.ExportOptions{})
	same(t, other, still)
	healthy(t, p)
	harness.Summarize("moving: %d rows, killed in %d exports, %d erasures and %d restores (TEST_KILLS=20 is the whole)\n", m.Rows(), hit["export"], hit["erasure"], hit["restore"])
}
