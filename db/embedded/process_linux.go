package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// endWithParent has the kernel shut the child down in order when the thread that started it dies.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// inspect finds out what the process is to the cluster. A server's working directory is its cluster, even
// after the directory was renamed. Its arguments decide where that may not be read: root in a container
// often may not.
func inspect(_ context.Context, pid int, cluster string) process {
	proc := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(proc + "stat")
	if err != nil {
		return absent
	}
	name, state := stat, byte(0)
	if end := bytes.LastIndexByte(stat, ')'); end > 0 && end+2 < len(stat) {
		name, state = stat[:end], stat[end+2]
	}
	if state == 'Z' || state == 'X' {
		return dead
	}
	if !bytes.Contains(name, []byte("postgres")) && !bytes.Contains(name, []byte("postmaster")) {
		return other
	}

	own, err := os.Stat(cluster)
	if err != nil {
		return unclear
	}
	cwd, err := os.Stat(proc + "cwd")
	switch {
	case err == nil && os.SameFile(own, cwd):
		return server
	case err == nil:
		return other
	case errors.Is(err, fs.ErrNotExist): // it has just ended, or its directory is deleted, and then not ours
		return dead
	}
	args, _ := os.ReadFile(proc + "cmdline")
	_, after, _ := strings.Cut(string(args), "\x00-D\x00")
	dir, _, _ := strings.Cut(after, "\x00")
	return byArgument(pid, dir, cluster)
}
