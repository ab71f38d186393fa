// Serve is the API with nothing around it: what `task bench` measures, built from the product as it is
// and from variants of it that exist only there.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"contractor-portal/db"
	"contractor-portal/server"
	"contractor-portal/server/auth"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	keys, err := auth.ParseKeys(os.Getenv("PORTAL_KEYS"))
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Config{
		App: os.Getenv("DATABASE_URL_APP"), Auth: os.Getenv("DATABASE_URL_AUTH"), Platform: os.Getenv("DATABASE_URL_PLATFORM"),
		AppConns: 10, CustomerConns: 10, CustomerStarts: 10, // one company is measured, not its fairness to others
	})
	if err != nil {
		return err
	}
	defer d.Close()
	e, err := server.New(server.Config{ //nolint:contextcheck // middleware takes the context of each request
		DB: d, Auth: auth.New(d, keys, auth.Config{}), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	debug.SetGCPercent(400) // as `portal serve` does
	web := &http.Server{Addr: os.Getenv("PORTAL_LISTEN"), Handler: e, ReadHeaderTimeout: 10 * time.Second}
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
