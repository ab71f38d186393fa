package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"contractor-portal/db"
	"contractor-portal/schema"
	"contractor-portal/server"
	"contractor-portal/server/assistant"
	"contractor-portal/server/auth"
	"contractor-portal/server/jobs"
	"contractor-portal/server/mail"
	"contractor-portal/server/outbound"
	"contractor-portal/server/quickbooks"
	"contractor-portal/server/settings"
	"contractor-portal/server/vault"
)

// listen takes an address for what is served there; the setting names another one.
func listen(ctx context.Context, what, address, setting string) (net.Listener, error) {
	var l net.ListenConfig
	listener, err := l.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot serve %s on %s: %w (another %s may be free)", what, address, err, setting)
	}
	return listener, nil
}

// serviceKeys are the keys of other services that the operator gives to all companies: PORTAL_OPENWEATHER_API_KEY is
// openweather_api_key. None of them need be there.
func serviceKeys() map[string]string {
	keys := map[string]string{}
	for _, name := range slices.Concat(settings.Names(), settings.OperatorNames) {
		keys[name] = os.Getenv("PORTAL_" + strings.ToUpper(name))
	}
	return keys
}

// A portal is the server and its workers, neither of them at work yet.
type portal struct {
	db      *db.DB
	handler http.Handler
	workers *jobs.Workers
}

func newLog() *slog.Logger { return slog.New(slog.NewJSONHandler(os.Stderr, nil)) }

// open puts a portal together. It refuses an unsafe role, another schema version, an error of the audit.
func open(ctx context.Context, cfg config, roles roleURLs, keys *auth.Keys) (p portal, err error) {
	if p.db, err = db.Open(ctx, cfg.database(roles)); err != nil {
		return p, err
	}
	defer func() {
		if err != nil {
			p.db.Close()
		}
	}()
	version := schema.Version()
	if missing := server.Unready(ctx, p.db, version); missing != "" {
		return p, errors.New(missing)
	}
	if keyset := keys.Vault(); keyset != nil {
		if err := vault.Check(keyset); err != nil {
			return p, err
		}
	}
	p.workers = jobs.New(cfg.newWorkers(p.db, roles))
	p.handler, err = server.New(server.Config{ //nolint:contextcheck // middleware takes the context of each request
		DB: p.db, Auth: auth.New(p.db, keys, cfg.auth()), Log: newLog(), SchemaVersion: version, Workers: p.workers,
		Vault: vault.New(keys.Vault), ServiceKeys: serviceKeys(), Outbound: outbound.New(outbound.Config{Proxy: cfg.OutboundProxy.url}),
		Assistant:  assistant.Config{OpenAIModel: cfg.OpenAIModel, AnthropicModel: cfg.AnthropicModel, DailyTokens: cfg.DailyTokens},
		QuickBooks: quickbooks.Config{Sandbox: bool(cfg.QuickBooks)},
		Mail:       mail.Config{Host: string(cfg.SMTPHost), Sender: string(cfg.SMTPSender)},
		Origins:    cfg.Origins, TrustProxy: cfg.TrustProxy, Timeout: cfg.RequestTimeout, PublicURL: string(cfg.PublicURL),
		SignOn: cfg.signOn(), AttackReport: cfg.AttackReport, Tiles: string(cfg.Tiles),
	})
	return p, err
}

// newWorkers make workers of what the environment says. Behind PgBouncer, which a query mode of its own tells, they look
// for jobs instead of listening for them.
func (c config) newWorkers(d *db.DB, roles roleURLs) jobs.Config {
	return jobs.Config{DB: d, Log: newLog(), PollOnly: strings.Contains(string(roles.Worker), "default_query_exec_mode="), Timeout: c.JobTimeout}
}

// stopWorking lets running jobs finish; what does not goes back to the queue.
func stopWorking(ctx context.Context, w *jobs.Workers) error {
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 25*time.Second)
	defer cancel()
	return w.Stop(patience)
}

// serve runs the API, and workers beside it, until ctx ends, then lets requests and jobs finish.
func serve(ctx context.Context, cfg config, roles roleURLs, keys *auth.Keys, at front, ready func()) error {
	defer at.close()
	p, err := open(ctx, cfg, roles, keys)
	if err != nil {
		return err
	}
	defer p.db.Close()

	// Requests leave much behind and keep little: collecting at five times what is kept instead of at twice
	// takes some 50 MB and gives the processors back to the requests.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	// Above this the collector works harder: several large spreadsheets at once stay within 300 MB.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(256 << 20)
	}
	stop, err := p.serveMetrics(ctx, cfg)
	if err != nil {
		return err
	}
	defer stop()
	if cfg.Workers > 0 {
		if err := p.workers.Start(ctx); err != nil {
			return err
		}
	}
	webs, ended := p.webs(cfg, at) //nolint:contextcheck // middleware takes the context of each request
	ready()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, web := range webs {
		err = errors.Join(err, web.Shutdown(grace))
	}
	return errors.Join(err, stopWorking(ctx, p.workers))
}

// serveMetrics serves what Prometheus asks for, where the environment says so, until it is stopped.
func (p portal) serveMetrics(ctx context.Context, cfg config) (stop func(), err error) {
	if cfg.MetricsListen == "" {
		return func() {}, nil
	}
	workers := p.workers
	if cfg.Workers == 0 {
		workers = nil
	}
	handler, err := server.NewMetrics(p.db, workers) //nolint:contextcheck // Prometheus has none to give
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, "metrics", cfg.MetricsListen, "PORTAL_METRICS_LISTEN")
	if err != nil {
		return nil, err
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	go func() { _ = web.Serve(listener) }() // until it is closed
	return func() { _ = web.Close() }, nil
}

// webs serves the portal and, where they are wanted, the old pages. What ended says is why one of them serves no more.
func (p portal) webs(cfg config, at front) (webs []*http.Server, ended chan error) {
	ended = make(chan error, 2)
	begin := func(handler http.Handler, listener net.Listener) {
		// No WriteTimeout, which counts from the request on: package server bounds each piece of an answer.
		web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
		webs = append(webs, web)
		go func() { ended <- web.Serve(listener) }()
	}
	begin(p.handler, at.Listener)
	if at.old != nil {
		begin(server.NewOldPages(server.OldPages{Dir: cfg.OldPages.Dir, API: p.handler, Log: newLog(), Timeout: cfg.RequestTimeout}), at.old)
	}
	return webs, ended
}
