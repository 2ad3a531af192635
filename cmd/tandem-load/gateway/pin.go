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
func startPinned(cmd *exec.Cmd, realtime bool) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer load.Pin(Processor)()
	if realtime {
		before, err := unix.SchedGetAttr(0, 0)
		if err != nil {
			return err
		}
		if err := unix.SchedSetAttr(0, fifo(), 0); err != nil {
			return err
		}
		defer func() { _ = unix.SchedSetAttr(0, before, 0) }()
	}
	return cmd.Start()
}

// fifo is the lowest real-time priority: before everything that has none.
func fifo() *unix.SchedAttr {
	return &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}
}

// PinSelf binds all threads of this process to processor 0, with high priority where that is allowed: on a machine that has
// other work, of the session too, and real-time on demand.
func PinSelf(realtime bool) error {
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
		if realtime {
			if err := unix.SchedSetAttr(tid, fifo(), 0); err != nil {
				return err
			}
		}
	}
	return nil
}
