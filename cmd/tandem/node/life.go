package node

import (
	"fmt"
	"os"
	"strings"
)

// life names this process among all that ever were: the boot of its machine, its name space of processes, its number and start.
func life() string {
	return fmt.Sprintf("%s:%d:%s", machine(), os.Getpid(), startOf(os.Getpid()))
}

// machine names where a process number means what it means here.
func machine() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(boot)) + ":" + strings.Trim(strings.TrimPrefix(space, "pid:"), "[]")
}

// startOf is when a process began, in ticks since boot; "" for none.
func startOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may hold anything
	if f := strings.Fields(rest); len(f) > 19 {
		return f[19]
	}
	return ""
}

// dead tells whether a holder is a process of this machine that has ended. What cannot be told is not dead.
func dead(holder string) bool {
	_, who, ok := strings.Cut(holder, " ")
	here := machine()
	rest, mine := strings.CutPrefix(who, here+":")
	if !ok || !mine || len(here) < 36 {
		return false
	}
	var pid int
	var start string
	if n, err := fmt.Sscanf(strings.Replace(rest, ":", " ", 1), "%d %s", &pid, &start); n != 2 || err != nil {
		return false
	}
	return startOf(pid) != start
}
