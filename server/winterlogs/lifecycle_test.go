package winterlogs

import "testing"

func TestNext(t *testing.T) {
	t.Parallel()
	const refused = ""
	for _, c := range []struct {
		s    state
		do   action
		want state
	}{
		{queued, doClose, refused},
		{queued, saveOpen, open},
		{queued, saveClosed, closed},
		{open, doClose, closed},
		{open, saveOpen, open},
		{open, saveClosed, closed},
		{closed, doClose, refused},
		{closed, saveOpen, open},
		{closed, saveClosed, closed},
	} {
		got, err := next(c.s, c.do)
		if got != c.want || (err != nil) != (c.want == refused) {
			t.Errorf("%s of a ticket that is %s: %q, %v; want %q", c.do, c.s, got, err, c.want)
		}
	}
}

func TestState_OnARoute(t *testing.T) {
	t.Parallel()
	const none = ""
	for _, c := range []struct {
		before string
		s      state
		want   string
	}{
		{none, open, none},
		{none, closed, none},
		{"queued", open, "active"},
		{"queued", closed, "active"},
		{"active", open, "active"},
		{"active", closed, "active"},
		{"complete", open, "active"},
		{"complete", closed, "complete"},
	} {
		var before *string
		if c.before != none {
			before = &c.before
		}
		got := c.s.onRoute(before)
		if (got == nil) != (c.want == none) || got != nil && *got != c.want {
			t.Errorf("%s, %q before: %v on the route, want %q", c.s, c.before, got, c.want)
		}
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status string
		route  *string
		want   state
	}{
		{"open", nil, open},
		{"closed", nil, closed},
		{"open", new("queued"), queued},
		{"open", new("active"), open},
		{"closed", new("active"), closed},
		{"closed", new("complete"), closed},
	} {
		if got := stateOf(c.status, c.route); got != c.want {
			t.Errorf("%s is read as %s, want %s", c.status, got, c.want)
		}
	}
}
