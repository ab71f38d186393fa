package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A result is what the clients of one company saw.
type result struct {
	Answers, Errors int
	P50, P99        float64 // ms
}

// load is a process of clients: address, how many, how long, a property's id. Each sends its next request
// when it has the answer to the last, on a connection of its own. It prints the result.
func load(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("%d arguments", len(args))
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	requests := [][]byte{request("/properties/" + args[3]), request("/properties/?limit=50")}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()

	var all sync.WaitGroup
	var mu sync.Mutex
	var r result
	var times []time.Duration
	for range n {
		all.Go(func() {
			mine, failed := client(ctx, args[0], requests)
			mu.Lock()
			defer mu.Unlock()
			times = append(times, mine...)
			r.Errors += failed
		})
	}
	all.Wait()
	slices.Sort(times)
	r.Answers = len(times)
	if len(times) > 0 {
		r.P50, r.P99 = ms(times[len(times)/2]), ms(times[len(times)*99/100])
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// request is written as it goes over the wire: an HTTP client would take as much of the processor as the
// server.
func request(path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: portal\r\nAuthorization: Bearer %s\r\n\r\n", path, os.Getenv("TOKEN"))
}

// client sends the requests in turn until the time is over, and returns how long each took, and how many
// were not answered with 200.
func client(ctx context.Context, address string, requests [][]byte) (times []time.Duration, failed int) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, 1
	}
	defer conn.Close() //nolint:errcheck // nothing is lost with it
	answers := bufio.NewReader(conn)
	for i := 0; ctx.Err() == nil; i++ {
		start := time.Now()
		if _, err := conn.Write(requests[i%len(requests)]); err != nil {
			return times, failed + 1
		}
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			return times, failed + 1
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			failed++
			continue
		}
		times = append(times, time.Since(start))
	}
	return times, failed
}
