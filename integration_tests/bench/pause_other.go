//go:build !linux

package main

import "time"

// pause sleeps as well as the runtime can.
func pause(d time.Duration) { time.Sleep(d) }
