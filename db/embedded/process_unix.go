//go:build linux || darwin

package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockFile takes the exclusive lock of f without waiting and tells whether it was free.
func lockFile(f *os.File) (free bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// unlockFile gives the lock back at once, even if a child that is just being started still holds a copy of
// f.
func unlockFile(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
}

func ownerOf(info fs.FileInfo) (uid, gid int) {
	stat := info.Sys().(*syscall.Stat_t)
	return int(stat.Uid), int(stat.Gid)
}

// byArgument judges a PostgreSQL server by the directory that it was started with. It is another cluster's
// only if that directory says so itself: ours may have been renamed since.
func byArgument(pid int, dir, cluster string) process {
	if dir == cluster {
		return server
	}
	text, _ := os.ReadFile(filepath.Join(dir, pidName))
	if first, _, _ := strings.Cut(string(text), "\n"); first == strconv.Itoa(pid) {
		return other
	}
	return unclear
}

// childAttr puts a child into a process group of its own, so that Ctrl-C reaches the portal and not the
// server, and gives it the account's credentials with no other groups.
func childAttr(acct account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if acct.switched {
		uid, gid := uint32(acct.uid), uint32(acct.gid) //nolint:gosec // from stat or passwd
		attr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	endWithParent(attr)
	return attr
}
