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
	"strings"
	"time"

	"contractor-portal/db"
	"contractor-portal/schema"
	"contractor-portal/server"
	"contractor-portal/server/auth"
	"contractor-portal/server/outbound"
	"contractor-portal/server/settings"
	"contractor-portal/server/vault"
)

func listen(ctx context.Context, address string) (net.Listener, error) {
	var l net.ListenConfig
	listener, err := l.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot serve on %s: %w (another --listen may be free)", address, err)
	}
	return listener, nil
}

// serviceKeys are the keys of other services that the operator gives to all companies: PORTAL_OPENWEATHER_API_KEY is
// openweather_api_key. None of them need be there.
func serviceKeys() map[string]string {
	keys := map[string]string{}
	for _, name := range settings.Names() {
		keys[name] = os.Getenv("PORTAL_" + strings.ToUpper(name))
	}
	return keys
}

// serve runs the API until ctx ends, then lets requests finish.
func serve(ctx context.Context, cfg config, roles roleURLs, keys *auth.Keys, listener net.Listener, ready func()) error {
	defer listener.Close() //nolint:errcheck // closed by the server, too
	d, err := db.Open(ctx, cfg.database(roles))
	if err != nil {
		return err
	}
	defer d.Close()
	version := schema.Version()
	if missing := server.Unready(ctx, d, version); missing != "" {
		return errors.New(missing)
	}
	if keyset := keys.Vault(); keyset != nil {
		if err := vault.Check(keyset); err != nil {
			return err
		}
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	e, err := server.New(server.Config{ //nolint:contextcheck // middleware takes the context of each request
		DB: d, Auth: auth.New(d, keys, cfg.auth()), Log: log, SchemaVersion: version,
		Vault: vault.New(keys.Vault), ServiceKeys: serviceKeys(), Outbound: outbound.New(outbound.Config{Proxy: cfg.OutboundProxy.url}),
		Origins: cfg.Origins, TrustProxy: cfg.TrustProxy, Timeout: cfg.RequestTimeout, PublicURL: string(cfg.PublicURL),
	})
	if err != nil {
		return err
	}

	// Requests leave much behind and keep little: collecting at five times what is kept instead of at twice
	// takes some 50 MB and gives the processors back to the requests.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	// Above this the collector works harder: several large spreadsheets at once stay within 300 MB.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(256 << 20)
	}
	// No WriteTimeout, which counts from the request on: package server bounds each piece of an answer.
	web := &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	ready()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return web.Shutdown(grace)
}
