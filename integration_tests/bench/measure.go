package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An operation is what is measured of each variant.
type operation struct {
	key, name string
	method    string
	path      string // %d: the n-th property
	body      string // likewise
}

var operations = []operation{
	{key: "single", name: "single read", method: "GET", path: "/properties/%d"},
	{key: "list", name: "list of 50", method: "GET", path: "/properties/?limit=50"},
	{key: "board", name: "board of 50", method: "GET", path: "/properties/board/?limit=50"},
	{key: "write", name: "single write", method: "POST", path: "/update-property-coordinates/", body: `{"property_id":%d,"latitude":42.5,"longitude":-78.5}`},
}

// A client calls one server as the Admin of the customer that is measured.
type client struct {
	url, token string
	ids        []int64
	process    int // of the server
	http       *http.Client
}

// call sends the operation for the n-th property and returns how long the whole answer took.
func (c *client) call(ctx context.Context, op operation, n int) (time.Duration, error) {
	target, body := op.path, op.body
	id := c.ids[n%len(c.ids)]
	if strings.Contains(target, "%d") {
		target = fmt.Sprintf(target, id)
	}
	if strings.Contains(body, "%d") {
		body = fmt.Sprintf(body, id)
	}
	req, err := http.NewRequestWithContext(ctx, op.method, c.url+target, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	start := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(res.Body)
	took := time.Since(start)
	_ = res.Body.Close()
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %d %s", op.method, target, res.StatusCode, text)
	}
	return took, err
}

// latencies calls every client in turn, A B C A B C …, so that a noisy machine hurts all alike.
func latencies(ctx context.Context, clients []*client, op operation, rounds, calls int) ([][]time.Duration, error) {
	all := make([][]time.Duration, len(clients))
	for round := -1; round < rounds; round++ { // the first warms up
		for i, c := range clients {
			for n := range calls {
				took, err := c.call(ctx, op, round*calls+n+calls)
				if err != nil {
					return nil, err
				}
				if round >= 0 {
					all[i] = append(all[i], took)
				}
			}
		}
	}
	for _, times := range all {
		slices.Sort(times)
	}
	return all, nil
}

// throughput lets so many callers call as fast as they can, each client in turn for the same time, and
// returns the answers per second.
func throughput(ctx context.Context, clients []*client, op operation, callers, rounds int, each time.Duration) ([]float64, error) {
	answers := make([]int64, len(clients))
	var spent time.Duration
	var failure atomic.Value
	for range rounds {
		for i, c := range clients {
			var count atomic.Int64
			var all sync.WaitGroup
			end := time.Now().Add(each)
			for k := range callers {
				all.Go(func() {
					for n := k; time.Now().Before(end); n += callers {
						if _, err := c.call(ctx, op, n); err != nil {
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
	perSecond := make([]float64, len(clients))
	for i, n := range answers {
		perSecond[i] = float64(n) / spent.Seconds()
	}
	return perSecond, nil
}

// percentile of sorted times.
func percentile(times []time.Duration, p int) time.Duration {
	return times[min(len(times)-1, len(times)*p/100)]
}
