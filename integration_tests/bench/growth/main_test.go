package main

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	if got, err := parse("10,100,99999"); err != nil || !slices.Equal(got, []int{10, 100, 99_999}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "10,", "1", "100000", "ten", "10 100"} {
		if got, err := parse(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}
