package service

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

type listing struct {
	Before  int64   `json:"before"`
	IDs     []int64 `json:"ids"`
	Meets   string  `json:"meets"` // the customers whose rows were met
	After   int64   `json:"after"`
	Refused string  `json:"refused"`
}

type listed struct {
	ID         int64  `db:"id"`
	CustomerID string `db:"customer_id"`
}

const (
	countedSQL = `select count(*) from locations`
	listedSQL  = `select p.id, p.customer_id from locations p where p.id > @above order by p.id`
	othersSQL  = `select 1 as one, p.name, p.customer_id, p.id from locations p where p.id > @above order by p.id`
)

// A snapshot is one picture: what others write meanwhile is not in it, in none of its statements. Its rows come in
// batches, all of them once and in order, and of its caller's company alone.
func TestSnapshot_IsOnePicture(t *testing.T) {
	t.Parallel()
	meanwhile := func() {}
	p := newPortal(t, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			endpoint.Report(api, "/test/listing", "listing", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (out listing, err error) {
				if out.Before, err = db.Value[int64](ctx, tx, countedSQL); err != nil {
					return out, err
				}
				meanwhile()
				seen := map[string]bool{}
				if err = db.Each(ctx, tx, listedSQL, db.Args{"above": 0}, func(row *listed) error {
					out.IDs = append(out.IDs, row.ID)
					if !seen[row.CustomerID] {
						out.Meets += row.CustomerID
					}
					seen[row.CustomerID] = true
					return nil
				}); err != nil {
					return out, err
				}
				out.After, err = db.Value[int64](ctx, tx, countedSQL)
				return out, err
			}, endpoint.Members)
		}
	})
	p.grow(5_000)
	for _, company := range []string{harness.CompanyA, harness.CompanyB, harness.CompanyA} {
		want := harness.Query[[]int64](p.Portal, `select array_agg(id order by id) from portal.locations where customer_id = $1`, company)
		meanwhile = func() {
			p.Exec(`delete from portal.locations where name = 'Meanwhile'`)
			p.Exec(`insert into portal.locations (customer_id, name, address) values ($1, 'Meanwhile', 'Meanwhile')`, company)
		}
		var have listing
		p.Do("POST", "/test/listing", p.Token(company, auth.User), nil).Want(t, http.StatusOK).JSON(t, &have)
		n := int64(len(want))
		if diff := cmp.Diff(listing{n, want, company, n, ""}, have); diff != "" {
			t.Errorf("%s: -want +have:\n%s", company, diff)
		}
		p.Exec(`delete from portal.locations where name = 'Meanwhile'`)
	}
}

// What a snapshot may not do, it may not: write, be read row by row without a transaction, go on after an error of its
// function. Two statements of one connection may each be read by rows, with columns of their own.
func TestSnapshot_Refuses(t *testing.T) {
	t.Parallel()
	each := func(ctx context.Context, tx db.Tx, stop error) error {
		return db.Each(ctx, tx, listedSQL, db.Args{"above": 0}, func(*listed) error { return stop })
	}
	p := newPortal(t, func(s *harness.Settings) {
		s.DB.AppConns = 1
		s.Routes = func(api endpoint.API) {
			endpoint.Report(api, "/test/write", "reportWrite", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (out listing, err error) {
				_, err = db.Exec(ctx, tx, writeSQL)
				return out, err
			}, endpoint.Members)
			endpoint.Get(api, "/test/rows", "readRows", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (out listing, err error) {
				return out, each(ctx, tx, nil)
			}, endpoint.Members)
			endpoint.Report(api, "/test/stop", "reportStop", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (out listing, err error) {
				return out, each(ctx, tx, endpoint.Conflict("enough"))
			}, endpoint.Members)
			endpoint.Report(api, "/test/two", "reportTwo", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (out listing, err error) {
				type other struct {
					One, ID    int64
					Name       string
					CustomerID string `db:"customer_id"`
				}
				if err = each(ctx, tx, nil); err != nil {
					return out, err
				}
				err = db.Each(ctx, tx, othersSQL, db.Args{"above": 0}, func(row *other) error {
					out.IDs = append(out.IDs, row.ID)
					return each(ctx, tx, nil)
				})
				return out, err
			}, endpoint.Members)
		}
	})
	token := p.Token(harness.CompanyA, auth.User)
	for range 2 {
		p.Do("POST", "/test/write", token, nil).Problem(t, http.StatusInternalServerError)
		p.Do("GET", "/test/rows", token, nil).Problem(t, http.StatusInternalServerError)
		p.Do("POST", "/test/stop", token, nil).Problem(t, http.StatusConflict)
		var have listing
		if p.Do("POST", "/test/two", token, nil).Want(t, http.StatusOK).JSON(t, &have); len(have.IDs) != 3 {
			t.Errorf("%d rows, want 3", len(have.IDs))
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.locations where notes is not null`); n != 0 {
		t.Errorf("%d rows are changed", n)
	}
	// Who is no longer admitted gets no picture.
	p.Exec(`update portal.users set status = 'suspended' where email = $1`, harness.Email(harness.CompanyA, auth.User))
	p.Do("POST", "/test/two", token, nil).Problem(t, http.StatusUnauthorized)
}

// Each batch is a statement, and so has a time-out of its own; the company is entered once.
func TestSnapshot_EntersOnce(t *testing.T) {
	t.Parallel()
	w := harness.NewWire(t)
	p := newPortal(t, w.Between, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			endpoint.Report(api, "/test/rows", "reportRows", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (out listing, err error) {
				return out, db.Each(ctx, tx, listedSQL, db.Args{"above": 0}, func(*listed) error { out.After++; return nil })
			}, endpoint.Members)
		}
	})
	p.grow(4_997)
	read := func() { p.Do("POST", "/test/rows", p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK) }
	read()
	// begin, entry and declare; 2000, 2000 and 1000 rows; close; commit.
	want := harness.Traffic{Statements: 8, Syncs: 6, Turns: 6}
	if diff := cmp.Diff(want, w.During(read)); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
}

// grow gives both companies so many more properties.
func (p *portal) grow(n int) {
	p.T.Helper()
	p.Exec(`update platform.customers set max_properties = 100000`)
	p.Exec(`insert into portal.locations (customer_id, name, address) select c, 'More', 'More ' || n from unnest($1::text[]) c, generate_series(1, $2) n`,
		[]string{harness.CompanyA, harness.CompanyB}, n)
}

// A job's snapshot is one picture too, of its own company, in which nothing can be written.
func TestSnapshot_OfAJob(t *testing.T) {
	t.Parallel()
	seen := make(chan []int64, 1)
	var p *portal
	p = working(t, func(ctx context.Context, j *jobs.Job) error {
		var found []int64
		look := func(ctx context.Context, tx db.Tx) error {
			n, err := db.Value[int64](ctx, tx, countedSQL)
			found = append(found, n)
			return err
		}
		err := j.Snapshot(ctx, func(ctx context.Context, tx db.Tx) error {
			if err := look(ctx, tx); err != nil {
				return err
			}
			_, err := p.Super.Exec(ctx, `insert into portal.locations (customer_id, name, address) select c, 'Meanwhile', 'Now' from unnest(array['AAAA22222', 'BBBB33333']) c`)
			return errors.Join(err, look(ctx, tx))
		})
		if err == nil {
			err = j.Do(ctx, look)
		}
		written := j.Snapshot(ctx, func(ctx context.Context, tx db.Tx) error {
			_, err := db.Exec(ctx, tx, `update locations set name = 'Written'`)
			return err
		})
		var refusal *db.Refusal
		if err != nil || !errors.As(written, &refusal) || refusal.Code() != "25006" {
			t.Errorf("%v, and writing: %v", err, written)
		}
		seen <- found
		return nil
	})
	ask(p, harness.CompanyA, auth.Admin, 1)
	select {
	case found := <-seen:
		if diff := cmp.Diff([]int64{3, 3, 4}, found); diff != "" {
			t.Errorf("properties before, after and later (-want +have):\n%s", diff)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the job has not run")
	}
}
