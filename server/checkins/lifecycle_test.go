package checkins

import "testing"

func TestNext(t *testing.T) {
	t.Parallel()
	present := []status{checkedIn, working, unavailable, completed}
	type cell struct {
		s    status
		do   action
		want status
		ok   bool
	}
	cells := []cell{{absent, doCheckIn, checkedIn, true}, {absent, doCheckOut, absent, false}}
	for _, s := range present {
		cells = append(cells, cell{s, doCheckIn, checkedIn, true}, cell{s, doCheckOut, absent, true}, cell{absent, action(s), absent, false})
		for _, to := range present {
			cells = append(cells, cell{s, action(to), to, true})
		}
	}
	if want := (len(present) + 1) * (len(present) + 2); len(cells) != want {
		t.Fatalf("%d cells, want %d", len(cells), want)
	}
	for _, c := range cells {
		got, err := next(c.s, c.do)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q of somebody who is %q: %q, %v; want %q", c.do, c.s, got, err, c.want)
		}
	}
}
