package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contractor-portal/server/endpoint"
)

// accessLog writes one line per request. There is no path, query, body, token or address of a person
// in it: the operation and the ids say enough.
func accessLog(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			if err := next(c); err != nil {
				c.Error(err)
			}
			f, took := endpoint.FactsOf(c), time.Since(start)
			countRequest(f.Operation, c.Response().Status, took)
			attrs := []slog.Attr{
				slog.String("operation", f.Operation),
				slog.String("method", c.Request().Method),
				slog.Int("status", c.Response().Status),
				slog.Float64("ms", float64(took.Microseconds())/1000),
				slog.String("request_id", c.Response().Header().Get(echo.HeaderXRequestID)),
			}
			if f.CustomerID != "" {
				attrs = append(attrs, slog.String("customer", f.CustomerID))
			}
			if f.UserID != 0 {
				attrs = append(attrs, slog.Int64("user", f.UserID))
			}
			if f.OperatorID != 0 {
				attrs = append(attrs, slog.Int64("operator", f.OperatorID))
			}
			if f.ServiceID != 0 {
				attrs = append(attrs, slog.Int64("service", f.ServiceID))
			}
			level := slog.LevelInfo
			if f.Err != nil {
				level = slog.LevelError
				attrs = append(attrs, slog.String("error", f.Err.Error()))
			}
			log.LogAttrs(c.Request().Context(), level, "request", attrs...)
			return nil
		}
	}
}

// A panicError is a panic of a handler, with its stack for the log.
type panicError struct {
	value any
	stack []byte
}

func (p panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// recoverPanics turns a panic into an error; the unit of work has been rolled back on its way here.
func recoverPanics() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			defer func() {
				if v := recover(); v != nil {
					if v == http.ErrAbortHandler { //nolint:errorlint // compared as net/http does
						panic(v)
					}
					err = panicError{v, debug.Stack()}
				}
			}()
			return next(c)
		}
	}
}

// noStore keeps answers out of caches: what one company sees is nobody else's.
func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}

// timeout bounds a request; its statements are cancelled. Some routes wait for other companies or send what is large, and may
// take longer. The answer may take longer too, where the client takes a piece of it in that time again and again.
func timeout(usual time.Duration, routes map[string]time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			limit := max(usual, routes[c.Path()])
			ctx, cancel := context.WithTimeout(c.Request().Context(), limit)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
			c.Response().Writer = piecewise{c.Response().Writer, usual}
			return next(c)
		}
	}
}

// piece is how much of an answer a client must take at a time.
const piece = 64 << 10

// piecewise writes an answer by pieces, each with a limit of its own. A client that takes nothing loses its
// connection; one that is slow does not.
type piecewise struct {
	http.ResponseWriter
	limit time.Duration
}

func (w piecewise) Write(text []byte) (written int, err error) {
	for part := range slices.Chunk(text, piece) {
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.limit)) // a recorder in a test has none
		n, err := w.ResponseWriter.Write(part)
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (w piecewise) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// ownRequestID passes over a client's request id that does not look like one: it lands in our logs.
func ownRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if h := c.Request().Header; !requestIDForm.MatchString(h.Get(echo.HeaderXRequestID)) {
			h.Del(echo.HeaderXRequestID)
		}
		return next(c)
	}
}

// decodedPath lets a path be found as it reads without percent encoding. Where that would make two parts of
// one, which no path of ours has, it stays as it is.
func decodedPath(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if u := c.Request().URL; !strings.Contains(strings.ToUpper(u.RawPath), "%2F") {
			u.RawPath = ""
		}
		return next(c)
	}
}

// orNotFound serves files, and leaves it to us to answer where there is none.
func orNotFound(files http.Handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		w := &foundOnly{ResponseWriter: c.Response()}
		files.ServeHTTP(w, c.Request())
		if w.missing {
			return echo.ErrNotFound
		}
		return nil
	}
}

type foundOnly struct {
	http.ResponseWriter
	missing bool
}

func (w *foundOnly) WriteHeader(status int) {
	if w.missing = status == http.StatusNotFound; !w.missing {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *foundOnly) Write(text []byte) (int, error) {
	if w.missing {
		return len(text), nil
	}
	return w.ResponseWriter.Write(text)
}
