package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"contractor-portal/db"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbound"
)

// What was answered, by operation of the document; the operation is empty where a request meant none.
var (
	requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "portal_requests_total", Help: "Requests that were answered.",
	}, []string{"operation", "status"})
	durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "portal_request_duration_seconds", Help: "How long requests took.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"operation"})
)

func countRequest(operation string, status int, took time.Duration) {
	requests.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	durations.WithLabelValues(operation).Observe(took.Seconds())
}

// NewMetrics serves /metrics for Prometheus, on a listener that the public does not reach. The labels are operations, statuses,
// pools, kinds of jobs and providers, which the program names: no company, person, address or id is in them. Of workers,
// which may be nil, it says how their jobs ended and what the queue holds.
func NewMetrics(d *db.DB, workers *jobs.Workers) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	all := []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		requests, durations, outbound.Outcomes,
		poolState{d},
	}
	if workers != nil {
		all = append(all, workers)
	}
	var err error
	for _, c := range all {
		err = errors.Join(err, registry.Register(c))
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux, err
}

// poolState is what the pools, and the admission to them, say at the moment.
type poolState struct{ db *db.DB }

var (
	poolConns   = prometheus.NewDesc("portal_pool_connections", "Connections to the database.", []string{"pool", "state"}, nil)
	poolMost    = prometheus.NewDesc("portal_pool_connections_max", "How many a pool may have.", []string{"pool"}, nil)
	poolWaits   = prometheus.NewDesc("portal_pool_waits_total", "Units of work for which no connection was free at once.", []string{"pool"}, nil)
	poolWaited  = prometheus.NewDesc("portal_pool_wait_seconds_total", "How long they waited.", []string{"pool"}, nil)
	inLine      = prometheus.NewDesc("portal_admission_waiting", "Units of work in the lines of their companies.", nil, nil)
	turnedAway  = prometheus.NewDesc("portal_admission_refused_total", "Units of work that were told to come later: crowded by their own company, busy by all.", []string{"reason"}, nil)
	lag         = prometheus.NewDesc("portal_replica_lag_bytes", "Of the log, what the standby that is read from has received and does not show yet.", nil, nil)
	entriesShut = prometheus.NewDesc("portal_entry_refusals_total", "Entries that the database refused, by SQLSTATE.", []string{"sqlstate"}, nil)
)

func (c poolState) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{poolConns, poolMost, poolWaits, poolWaited, inLine, turnedAway, entriesShut, lag} {
		to <- d
	}
}

func (c poolState) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	s := c.db.Stats()
	for pool, p := range s.Pools {
		gauge(poolConns, float64(p.AcquiredConns()), pool, "in_use")
		gauge(poolConns, float64(p.IdleConns()), pool, "idle")
		gauge(poolMost, float64(p.MaxConns()), pool)
		counter(poolWaits, float64(p.EmptyAcquireCount()), pool)
		counter(poolWaited, p.EmptyAcquireWaitTime().Seconds(), pool)
	}
	gauge(inLine, float64(s.Waiting))
	counter(turnedAway, float64(s.Crowded), "crowded")
	counter(turnedAway, float64(s.Busy), "busy")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) //nolint:forbidigo // a Collector is given none
	defer cancel()
	if bytes, ok := c.db.Behind(ctx); ok {
		gauge(lag, float64(bytes))
	}
	for sqlstate, n := range s.Refused {
		counter(entriesShut, float64(n), sqlstate)
	}
}
