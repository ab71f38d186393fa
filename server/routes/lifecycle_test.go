package routes

import "testing"

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ status, action, want string }{ // want "": refused
		{queued, doOpen, active},
		{queued, doComplete, ""},
		{active, doOpen, ""},
		{active, doComplete, complete},
		{complete, doOpen, ""},
		{complete, doComplete, ""},
	} {
		have, err := next(tt.status, tt.action)
		if have != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s of a ticket that is %s: %q, %v; want %q", tt.action, tt.status, have, err, tt.want)
		}
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	have := tally([]RouteTicket{{RouteStatus: complete}, {RouteStatus: active}, {RouteStatus: queued}, {RouteStatus: complete}})
	if want := (Tally{Total: 4, Completed: 2, Active: 1, Queued: 1}); have != want {
		t.Errorf("%+v, want %+v", have, want)
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		done, total int
		want        float64
	}{{0, 0, 0}, {0, 3, 0}, {1, 3, 33.3}, {2, 3, 66.7}, {1, 8, 12.5}, {3, 3, 100}} {
		if have := percent(tt.done, tt.total); have != tt.want {
			t.Errorf("%d of %d: %v, want %v", tt.done, tt.total, have, tt.want)
		}
	}
}
