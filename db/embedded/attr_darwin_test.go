package embedded

import "syscall"

// withoutParent does nothing: no process is bound to its parent here.
func withoutParent(*syscall.SysProcAttr) {}
