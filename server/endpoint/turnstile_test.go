package endpoint

import (
	"context"
	"testing"
	"time"
)

// One of each company at a time, and as many as there are places.
func TestTurnstile(t *testing.T) {
	t.Parallel()
	turns := NewTurnstile(2)
	enter := func(company string) (leave func()) {
		t.Helper()
		leave, err := turns.Enter(t.Context(), company)
		if err != nil {
			t.Fatal(err)
		}
		return leave
	}
	waits := func(company string) bool {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		leave, err := turns.Enter(ctx, company)
		if err == nil {
			leave()
		}
		return err != nil
	}
	one := enter("one")
	if !waits("one") || waits("two") {
		t.Fatal("a company with a file inside does not wait, or another one does")
	}
	two := enter("two")
	if !waits("three") {
		t.Fatal("there are more places than two")
	}
	one()
	enter("three")()
	enter("one")()
	two()
	if n := len(turns.companies) + len(turns.places); n != 0 {
		t.Errorf("%d are left behind", n)
	}
}
