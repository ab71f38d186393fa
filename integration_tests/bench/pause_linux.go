package main

import (
	"syscall"
	"time"
)

// pause sleeps on a thread of its own as long as it is told: the runtime's timers are a millisecond
// coarse where nothing else runs, the kernel's need not be.
func pause(d time.Duration) {
	const setTimerSlack = 29
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, 1, 0)
	if d > 0 {
		left := syscall.NsecToTimespec(d.Nanoseconds())
		_ = syscall.Nanosleep(&left, nil)
	}
}
