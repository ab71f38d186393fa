package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"contractor-portal/server/endpoint"
)

// What fails after the answer has begun cannot change it any more, but is in the log.
func TestAccessLog_SaysWhatHappenedAfterTheStatus(t *testing.T) {
	t.Parallel()
	for want, late := range map[string]func() error{
		"late panic": func() error { panic("late panic") },
		"late error": func() error { return errors.New("late error") },
	} {
		var log bytes.Buffer
		e := echo.New()
		e.HTTPErrorHandler = endpoint.Answer
		e.Use(accessLog(slog.New(slog.NewJSONHandler(&log, nil))), recoverPanics())
		e.GET("/", func(c echo.Context) error {
			if err := c.String(200, "begun"); err != nil {
				return err
			}
			return late()
		})
		e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		var line struct{ Level, Error string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, &log)
		}
		if line.Level != "ERROR" || !strings.Contains(line.Error, want) {
			t.Errorf("the log says %s", &log)
		}
	}
}
