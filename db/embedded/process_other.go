//go:build !linux && !darwin

package embedded

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// lockFile always fails, and Start with it, before anything has been started.
func lockFile(*os.File) (free bool, err error) {
	return false, errors.New(advice(runtime.GOOS, ""))
}

func unlockFile(*os.File) {}

func ownerOf(fs.FileInfo) (uid, gid int) { return os.Geteuid(), os.Getegid() }

func childAttr(account) *syscall.SysProcAttr { return nil }

func inspect(context.Context, int, string) process { return unclear }
