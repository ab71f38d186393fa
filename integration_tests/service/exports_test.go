package service

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/moving"
	"contractor-portal/server/auth"
)

// untold tells nobody that an export is ready.
type untold struct{}

func (untold) ExportReady(context.Context, db.Tx, string, string, time.Time) error { return nil }

// A worker dies by kill -9 while it makes an export: nothing of it is there, and the next attempt makes it whole, once.
func TestExports_WorkersDie(t *testing.T) {
	t.Parallel()
	kills, logs := 2, 40_000
	if harness.Full {
		kills = 20
	}
	p := newPortal(t)
	p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, time_in, time_out, notes)
		select p.customer_id, p.id, timestamptz '2026-01-06 06:00+00' + n * interval '1 second', timestamptz '2026-01-07 06:00+00', md5(n::text)
		from portal.locations p, generate_series(1, $2::int) n where p.customer_id = $1 and p.name = 'Property 1'`, harness.CompanyA, logs)
	dir := t.TempDir()
	admin := p.Token(harness.CompanyA, auth.Admin)
	var e struct {
		ID    int64
		State string
		Link  string
	}
	p.Do("POST", "/api/my-customer/export", admin, nil).Want(t, http.StatusAccepted).JSON(t, &e)
	state := func() string {
		p.Do("GET", "/api/my-customer/export", admin, nil).Want(t, http.StatusOK).JSON(t, &e)
		return e.State
	}

	atWork := 0
	for range kills {
		worker := startMortal(t, p, mortal{Dir: dir, Timeout: time.Minute})
		harness.WaitFor(t, "the job to be taken", func() bool { return state() != "waiting" })
		time.Sleep(time.Duration(rand.IntN(600)) * time.Millisecond)
		if err := worker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = worker.Wait() // it was killed
		if parts := harness.Query[int](p.Portal, `select count(*) from portal.customer_export_parts`); state() == "running" && parts != 0 {
			t.Errorf("%d parts of an export that is not made", parts)
		}
		if state() == "running" {
			atWork++
			// As the queue does when its time is over.
			p.Exec(`update jobs.river_job set state = 'available', scheduled_at = now() where kind = 'export_customer' and state = 'running'`)
		}
	}
	worker := startMortal(t, p, mortal{Dir: dir, Timeout: time.Minute})
	defer func() {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	}()
	harness.WaitFor(t, "the export to be ready", func() bool { return state() == "ready" })
	packed := p.Do("GET", e.Link, admin, nil).Want(t, http.StatusOK).Body
	unpacked := t.TempDir()
	if err := moving.Unpack(bytes.NewReader(packed), unpacked); err != nil {
		t.Fatal(err)
	}
	m, err := moving.ReadManifest(unpacked) // compares every file with its sum
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Tables {
		if f.Table == "portal.winter_ops_logs" && f.Rows != int64(logs) {
			t.Errorf("%d logs in the file, want %d", f.Rows, logs)
		}
	}
	if made := len(p.Entries("export.made")); made != 1 {
		t.Errorf("it was made %d times", made)
	}
	harness.Summarize("exports: %d deaths by kill -9, %d of them at work; %d rows in %d bytes\n", kills, atWork, m.Rows(), len(packed))

	// Who lives removes his directory once the export is ready; what the dead have left is swept away when it is old.
	var left []string
	leaves := func(most int) func() bool {
		return func() bool {
			if left, err = filepath.Glob(filepath.Join(dir, "portal-export-*")); err != nil {
				t.Fatal(err)
			}
			return len(left) <= most
		}
	}
	harness.WaitFor(t, "a finished export to leave no directory", leaves(atWork))
	for _, d := range left {
		if err := os.Chtimes(d, time.Now(), time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	p.Do("POST", "/api/my-customer/export", admin, nil).Want(t, http.StatusAccepted)
	harness.WaitFor(t, "the next export", func() bool { return state() == "ready" })
	harness.WaitFor(t, "old directories to go", leaves(0))
}
