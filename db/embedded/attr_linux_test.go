package embedded

import "syscall"

// withoutParent lets a process outlive the thread that starts it.
func withoutParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = 0 }
