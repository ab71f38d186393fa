package main

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/bench/stage"
	"contractor-portal/server/auth"
)

// What a single read costs without HTTP: the bare driver on one connection.
const (
	enterSQL   = "call tenancy.enter(null, $1, $2, $3, null, $4, true)"
	settingSQL = "select set_config('app.customer_id', $1, true)"
	walledSQL  = "select id, name, address from portal.locations where id = $1"
	plainSQL   = "select id, name, address from portal.locations where customer_id = $1 and id = $2"
)

// measureFloor measures the pipeline of one read with the driver alone, in three ways interleaved.
func (d *database) measureFloor(ctx context.Context, r *report, o options) error {
	keys, err := auth.ParseKeys(d.Keys)
	if err != nil {
		return err
	}
	caller, err := keys.Verify(d.token)
	if err != nil {
		return err
	}
	ways := []struct {
		name, role string
		batch      func(b *pgx.Batch, id int64)
	}{
		{"filtered by hand", "bench_bypass", func(b *pgx.Batch, id int64) { b.Queue(plainSQL, first, id) }},
		{"set_config and the query in one pipeline", "bench_usual", func(b *pgx.Batch, id int64) {
			b.Queue(settingSQL, first)
			b.Queue(walledSQL, id)
		}},
		{"tenancy.enter and the query in one pipeline", "portal_app", func(b *pgx.Batch, id int64) {
			b.Queue(enterSQL, caller.CustomerID(), caller.UserID(), caller.Role(), caller.SessionID())
			b.Queue(walledSQL, id)
		}},
	}
	conns := make([]*pgx.Conn, len(ways))
	for i, way := range ways {
		if conns[i], err = pgx.Connect(ctx, d.as(way.role, d.Super.Host)); err != nil {
			return err
		}
		defer conns[i].Close(ctx) //nolint:errcheck // nothing is lost with it
	}
	times := make([][]time.Duration, len(ways))
	for round := -1; round < o.rounds; round++ {
		for i, way := range ways {
			for n := range o.calls * 5 {
				b := &pgx.Batch{}
				start := time.Now()
				way.batch(b, d.ids[n%len(d.ids)])
				if err := conns[i].SendBatch(ctx, b).Close(); err != nil {
					return err
				}
				if round >= 0 {
					times[i] = append(times[i], time.Since(start))
				}
			}
		}
	}
	for i, way := range ways {
		slices.Sort(times[i])
		r.Floor = append(r.Floor, floor{way.name, stage.Micros(stage.Percentile(times[i], 50)), stage.Micros(stage.Percentile(times[i], 95))})
	}
	return nil
}

// added is by how much a round trip through the network is longer: medians of the shortest query.
func (d *database) added(ctx context.Context, host string) (float64, error) {
	var medians []time.Duration
	for _, h := range []string{d.Super.Host, host} {
		conn, err := pgx.Connect(ctx, d.as("bench_usual", h))
		if err != nil {
			return 0, err
		}
		var times []time.Duration
		for range 500 {
			start := time.Now()
			if _, err := conn.Exec(ctx, "select 1"); err != nil {
				return 0, err
			}
			times = append(times, time.Since(start))
		}
		_ = conn.Close(ctx)
		slices.Sort(times)
		medians = append(medians, stage.Percentile(times, 50))
	}
	return stage.Micros(medians[1] - medians[0]), nil
}
