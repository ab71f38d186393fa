package users

import (
	"testing"
)

func TestNext(t *testing.T) {
	t.Parallel()
	const no = "refused"
	for _, c := range []struct {
		action                     action
		pending, active, suspended string // where it leads from each
	}{
		{approve, active, no, no},
		{reject, gone, no, no},
		{suspend, no, suspended, no},
		{reactivate, no, no, active},
		{edit, pending, active, suspended},
		{changeRole, no, active, suspended},
		{del, gone, gone, gone},
		{"unheard-of", no, no, no},
	} {
		for status, want := range map[string]string{pending: c.pending, active: c.active, suspended: c.suspended, gone: no} {
			to, err := next(status, c.action)
			if err != nil {
				if to != status {
					t.Errorf("%s from %q is refused and leads to %q", c.action, status, to)
				}
				to = no
			}
			if to != want {
				t.Errorf("%s leads from %q to %q, want %q", c.action, status, to, want)
			}
		}
	}
}
