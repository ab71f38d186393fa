package winterevents

import "testing"

func TestNext(t *testing.T) {
	t.Parallel()
	const refused = ""
	for _, c := range []struct {
		status string
		do     action
		want   string
	}{
		{statusActive, complete, statusCompleted},
		{statusActive, cancel, statusCancelled},
		{statusActive, saveEnded, statusCompleted},
		{statusActive, saveEndless, statusActive},
		{statusCompleted, complete, refused},
		{statusCompleted, cancel, statusCancelled},
		{statusCompleted, saveEnded, statusCompleted},
		{statusCompleted, saveEndless, statusActive},
		{statusCancelled, complete, refused},
		{statusCancelled, cancel, refused},
		{statusCancelled, saveEnded, statusCancelled},
		{statusCancelled, saveEndless, statusCancelled},
	} {
		got, err := next(c.status, c.do)
		if got != c.want || (err != nil) != (c.want == refused) {
			t.Errorf("%s of an event that is %s: %q, %v; want %q", c.do, c.status, got, err, c.want)
		}
	}
}
