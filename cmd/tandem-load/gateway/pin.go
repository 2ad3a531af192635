package gateway

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"tandem/media/mediatest/load"
)

// startPinned starts cmd with the processor and priority of this thread, which are changed for that moment.
func startPinned(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer load.Pin(Processor)()
	return cmd.Start()
}

// PinSelf binds all threads of this process to processor 0, with high priority where that is allowed; that of its session too,
// without which priorities do not count between sessions.
func PinSelf() error {
	var set unix.CPUSet
	set.Set(0)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	_ = os.WriteFile("/proc/self/autogroup", []byte("-20"), 0o644) // not everybody may, not every kernel has it
	for _, t := range threads {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(tid, &set); err != nil {
			return err
		}
		_ = unix.Setpriority(unix.PRIO_PROCESS, tid, -20) // not everybody may
	}
	return nil
}
