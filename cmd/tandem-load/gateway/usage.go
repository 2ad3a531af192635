package gateway

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process has used. CPU is the sum over its threads in nanoseconds (schedstat); UserSystem is the kernel's
// utime+stime, in steps of 10 ms, to check it by.
type Usage struct {
	At         time.Time
	CPU        time.Duration
	Waited     time.Duration // of its threads for the processor: each other, and what else runs on the machine
	UserSystem time.Duration
	RSS        int64 // bytes
	Threads    int
	Files      int // open descriptors: sockets above all
}

// tick is the unit of /proc/PID/stat.
const tick = 10 * time.Millisecond

// UsageOf reads the usage of a process.
func UsageOf(pid int) (Usage, error) {
	u := Usage{At: time.Now()}
	dir := fmt.Sprintf("/proc/%d", pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return u, err
	}
	if u.UserSystem, err = userSystem(string(stat)); err != nil {
		return u, err
	}
	threads, _ := filepath.Glob(dir + "/task/*/schedstat")
	for _, name := range threads {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it ended meanwhile
		}
		u.CPU += field(string(b), 0)
		u.Waited += field(string(b), 1)
	}
	u.Threads = len(threads)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return u, err
	}
	u.RSS = rss(string(status))
	files, err := os.ReadDir(dir + "/fd")
	u.Files = len(files)
	return u, err
}

// field reads one of the numbers of a schedstat line, in nanoseconds.
func field(line string, i int) time.Duration {
	fields := strings.Fields(line)
	if i >= len(fields) {
		return 0
	}
	ns, err := strconv.ParseInt(fields[i], 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(ns)
}

// userSystem reads fields 14 and 15, counted from behind the name, which may hold anything.
func userSystem(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat: %d fields", len(fields))
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

func rss(status string) int64 {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err == nil {
				return kb << 10
			}
		}
	}
	return 0
}

// Usage reads what the gateway has used.
func (p *Process) Usage() Usage {
	u, err := UsageOf(p.PID)
	if err != nil {
		return Usage{At: time.Now()}
	}
	return u
}

// Metrics reads the gateway's figures; labels stay part of the name.
func (p *Process) Metrics() (map[string]float64, error) {
	c := http.Client{Timeout: 5 * time.Second}
	res, err := c.Get("http://" + p.Site.HTTP().String() + "/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	out := map[string]float64{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		line := lines.Text()
		cut := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || cut < 0 {
			continue
		}
		if v, err := strconv.ParseFloat(line[cut+1:], 64); err == nil {
			out[line[:cut]] = v
		}
	}
	return out, lines.Err()
}
