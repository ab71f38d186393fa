package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"contractor-portal/integration_tests/bench/stage"
)

var operations = []stage.Operation{
	{Key: "single", Name: "single read", Method: "GET", Path: "/properties/%d"},
	stage.List,
	stage.Board,
	{Key: "write", Name: "single write", Method: "POST", Path: "/update-property-coordinates/", Body: `{"property_id":%d,"latitude":42.5,"longitude":-78.5}`},
}

// throughput lets so many callers call as fast as they can, each server in turn for the same time, and
// returns the answers per second.
func throughput(ctx context.Context, servers []*stage.Server, op stage.Operation, callers, rounds int, each time.Duration) ([]float64, error) {
	answers := make([]int64, len(servers))
	var spent time.Duration
	var failure atomic.Value
	for range rounds {
		for i, s := range servers {
			var count atomic.Int64
			var all sync.WaitGroup
			end := time.Now().Add(each)
			for k := range callers {
				all.Go(func() {
					for n := k; time.Now().Before(end); n += callers {
						if _, err := s.Call(ctx, op, n); err != nil {
							failure.Store(err)
							return
						}
						count.Add(1)
					}
				})
			}
			all.Wait()
			answers[i] += count.Load()
		}
		spent += each
	}
	if err, ok := failure.Load().(error); ok {
		return nil, err
	}
	perSecond := make([]float64, len(servers))
	for i, n := range answers {
		perSecond[i] = float64(n) / spent.Seconds()
	}
	return perSecond, nil
}
