package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

func TestTime_IsLocalWithoutZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(Time{time.Date(2026, 11, 23, 11, 30, 5, 999, time.UTC).In(zone)})
	if err != nil || string(text) != `"2026-11-23T06:30:05"` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestBool(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Bool{"true": true, "false": false, "1": true, "0": false} {
		have := !want
		if err := json.Unmarshal([]byte(text), &have); err != nil || have != want {
			t.Errorf("%s: %t, %v", text, have, err)
		}
	}
	for _, text := range []string{"2", "-1", `"true"`, `"1"`, "1.0", "[]"} {
		var b Bool
		if err := json.Unmarshal([]byte(text), &b); err == nil {
			t.Errorf("%s is taken for %t", text, b)
		}
	}
}

func TestOptional_KnowsAbsentFromNull(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{`{}`: "absent", `{"f":null}`: "null", `{"f":"x"}`: "x", `{"f":""}`: ""} {
		var in struct {
			F Optional[string] `json:"f"`
		}
		if err := json.Unmarshal([]byte(text), &in); err != nil {
			t.Fatal(err)
		}
		have := "absent"
		switch {
		case in.F.Set && in.F.Value == nil:
			have = "null"
		case in.F.Set:
			have = *in.F.Value
		}
		if have != want {
			t.Errorf("%s: %s, want %s", text, have, want)
		}
	}
}

// Every error that a handler may return has its status, also where a fact was added to it; any other is
// an internal one, whose text nobody sees.
func TestProblemOf(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]struct {
		status int
		kind   string
		grave  bool
	}{
		db.ErrNotFound:                           {404, "not-found", false},
		db.ErrConflict:                           {409, "conflict", false},
		db.ErrReference:                          {400, "invalid", false},
		db.ErrDenied:                             {403, "forbidden", true},
		db.ErrEntry:                              {401, "unauthenticated", true},
		db.ErrPerson:                             {401, "unauthenticated", false},
		db.ErrSession:                            {401, "unauthenticated", false},
		db.ErrSuspended:                          {403, "customer-suspended", false},
		db.ErrLimit:                              {403, "limit-reached", false},
		db.ErrCrowded:                            {429, "too-many-requests", false},
		db.ErrBusy:                               {503, "unavailable", true},
		db.ErrTimeout:                            {503, "unavailable", true},
		db.ErrDown:                               {503, "unavailable", true},
		auth.ErrRefused:                          {401, "unauthenticated", false},
		auth.ErrToken:                            {401, "unauthenticated", false},
		auth.ErrPasswordLength:                   {422, "invalid", false},
		&auth.TooManyError{RetryAfter: 1}:        {429, "too-many-requests", false},
		&auth.SeveralError{}:                     {409, "conflict", false},
		Invalid("a rule"):                        {400, "invalid", false},
		InvalidField("f", "wrong"):               {422, "invalid", false},
		errors.New("secret text of a statement"): {500, "internal", true},
	} {
		for _, e := range []error{err, fmt.Errorf("row 7: %w", err)} {
			p, grave := problemOf(e)
			if p.Status != want.status || p.Type != "/problems/"+want.kind || grave != want.grave || p.Title != http.StatusText(want.status) {
				t.Errorf("%v: %+v, %t", e, p, grave)
			}
			if want.status == http.StatusInternalServerError && p.Detail != "internal error" {
				t.Errorf("detail %q", p.Detail)
			}
		}
	}
}
