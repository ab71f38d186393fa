package embedded

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endWithParent does nothing: macOS has no such signal. The next start stops the server that was left
// behind.
func endWithParent(*syscall.SysProcAttr) {}

// inspect finds out what the process is to the cluster, by its arguments.
func inspect(ctx context.Context, pid int, cluster string) process {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "stat=,command=", "-p", strconv.Itoa(pid)).Output()
	line := strings.TrimSpace(string(out))
	switch {
	case ctx.Err() != nil:
		return unclear
	case err != nil || line == "":
		return absent
	case strings.HasPrefix(line, "Z"):
		return dead
	case !strings.Contains(line, "postgres"):
		return other
	}
	_, after, _ := strings.Cut(line, " -D ")
	dir, _, _ := strings.Cut(after, " -c ")
	return byArgument(pid, dir, cluster)
}
