package assignments

import (
	"errors"
	"net/http"
	"testing"

	"contractor-portal/server/endpoint"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ status, action, want string }{ // want "": refused
		{pending, doAccept, accepted},
		{pending, doDecline, declined},
		{accepted, doAccept, ""},
		{accepted, doDecline, ""},
		{declined, doAccept, ""},
		{declined, doDecline, ""},
	} {
		have, err := answer(tt.status, tt.action)
		if have != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s of an assignment that is %s: %q, %v; want %q", tt.action, tt.status, have, err, tt.want)
		}
	}
}

func TestDrive(t *testing.T) {
	t.Parallel()
	const another = -1 // refused as errRunning, which names the other stop later
	for _, tt := range []struct {
		status  string
		running bool
		action  string
		want    int // the status of the refusal, 0: none
	}{
		{pending, false, doStart, http.StatusNotFound},
		{pending, true, doStart, http.StatusNotFound},
		{accepted, false, doStart, 0},
		{accepted, true, doStart, another},
		{declined, false, doStart, http.StatusNotFound},
		{declined, true, doStart, http.StatusNotFound},
		{pending, false, doComplete, http.StatusBadRequest},
		{pending, true, doComplete, 0},
		{accepted, false, doComplete, http.StatusBadRequest},
		{accepted, true, doComplete, 0},
		{declined, false, doComplete, http.StatusBadRequest},
		{declined, true, doComplete, 0},
	} {
		have := 0
		err := drive(tt.status, tt.running, tt.action)
		var p *endpoint.Problem
		switch {
		case errors.Is(err, errRunning):
			have = another
		case errors.As(err, &p):
			have = p.Status
		}
		if have != tt.want {
			t.Errorf("%s, %s, running %t: %v; want %d", tt.action, tt.status, tt.running, err, tt.want)
		}
	}
}
