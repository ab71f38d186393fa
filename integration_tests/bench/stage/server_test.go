package stage

import "testing"

func TestMegabytes(t *testing.T) {
	t.Parallel()
	now, peak, err := megabytes("Name:\tportal\nVmPeak:\t 9000 kB\nVmHWM:\t   71680 kB\nVmRSS:\t   51200 kB\n")
	if now != 50 || peak != 70 || err != nil {
		t.Errorf("%v, %v, %v", now, peak, err)
	}
	if _, _, err := megabytes("Name:\tportal\n"); err == nil {
		t.Error("no error without the figures")
	}
}
