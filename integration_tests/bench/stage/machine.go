package stage

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine says what figures were measured on.
func Machine() string { return fmt.Sprintf("%s, %d cores", processor(), runtime.NumCPU()) }

func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close() //nolint:errcheck // only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
