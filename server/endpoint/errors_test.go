package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

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
		db.ErrPerson:                             {401, "unauthenticated", false},
		db.ErrSession:                            {401, "unauthenticated", false},
		db.ErrSuspended:                          {403, "customer-suspended", false},
		db.ErrElsewhere:                          {421, "misdirected", false},
		db.ErrMoving:                             {503, "moving", false},
		db.ErrLimit:                              {403, "limit-reached", false},
		db.ErrCrowded:                            {429, "too-many-requests", false},
		db.ErrBusy:                               {503, "unavailable", true},
		db.ErrTimeout:                            {503, "unavailable", true},
		db.ErrDown:                               {503, "unavailable", true},
		db.ErrClosed:                             {503, "unavailable", true},
		auth.ErrRefused:                          {401, "unauthenticated", false},
		auth.ErrToken:                            {401, "unauthenticated", false},
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

// What an error adds stands where it always stood: behind the problem's own members, before the request's id.
func TestProblem_Extended(t *testing.T) {
	t.Parallel()
	several := &auth.SeveralError{Companies: []auth.Company{{CustomerID: "LEGACY001", CompanyName: "Snow & Sons"}}}
	const (
		own = `{"type":"/problems/conflict","title":"Conflict","status":409,"detail":"this log-in fits several companies; repeat it with customer_id: Snow & Sons (LEGACY001)"`
		id  = `,"request_id":"7"}` + "\n"
	)
	for err, want := range map[error]string{
		several:                       own + `,"companies":[{"customer_id":"LEGACY001","company_name":"Snow & Sons"}]` + id,
		fmt.Errorf("in: %w", several): own + `,"companies":[{"customer_id":"LEGACY001","company_name":"Snow & Sons"}]` + id,
		Conflict(several.Error()):     own + id,
	} {
		p, _ := problemOf(err)
		p.RequestID = "7"
		var have strings.Builder
		if err := jsonFormat.Marshal(&have, p); err != nil || have.String() != want {
			t.Errorf("%s, %v", have.String(), err)
		}
	}
}
