package stage

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An Operation is what is measured of each server.
type Operation struct {
	Key, Name string
	Method    string
	Path      string // %d: the n-th property
	Body      string // likewise
}

// What more than one bench measures.
var (
	List  = Operation{Key: "list", Name: "list of 50", Method: "GET", Path: "/properties/?limit=50"}
	Board = Operation{Key: "board", Name: "board of 50", Method: "GET", Path: "/properties/board/?limit=50"}
)

// Call sends the operation for the n-th property and returns how long the whole answer took.
func (s *Server) Call(ctx context.Context, op Operation, n int) (time.Duration, error) {
	target, body := op.Path, op.Body
	if strings.Contains(target, "%d") {
		target = fmt.Sprintf(target, s.IDs[n%len(s.IDs)])
	}
	if strings.Contains(body, "%d") {
		body = fmt.Sprintf(body, s.IDs[n%len(s.IDs)])
	}
	req, err := http.NewRequestWithContext(ctx, op.Method, "http://"+s.Address+target, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	start := time.Now()
	res, err := s.http.Do(req)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(res.Body)
	took := time.Since(start)
	_ = res.Body.Close()
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %d %s", op.Method, target, res.StatusCode, text)
	}
	return took, err
}

// Latencies calls every server in turn, A B C A B C …, so that a noisy machine hurts all alike. The times
// of each are sorted.
func Latencies(ctx context.Context, servers []*Server, op Operation, rounds, calls int) ([][]time.Duration, error) {
	all := make([][]time.Duration, len(servers))
	for round := -1; round < rounds; round++ { // the first warms up
		for i, s := range servers {
			for n := range calls {
				took, err := s.Call(ctx, op, round*calls+n+calls)
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

// Percentile of sorted times.
func Percentile(times []time.Duration, p int) time.Duration {
	return times[min(len(times)-1, len(times)*p/100)]
}

// Micros are microseconds.
func Micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
