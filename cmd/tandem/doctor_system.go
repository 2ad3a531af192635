package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tandem/cmd/tandem/config"
	"tandem/media/prompt"
	"tandem/store/redis"
)

// filesPerCall: two streams of two sockets each.
const filesPerCall = 4

// filesBeside are for connections, store, log and recordings.
const filesBeside = 512

// checkFiles compares the limit of open files with the calls that are allowed.
func checkFiles(cfg *config.Config) []finding {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return []finding{{"open-files", warning, err.Error(), ""}}
	}
	need := uint64(filesPerCall*cfg.SIP.MaxCalls + filesBeside)
	if limit.Max < need { // the soft limit is raised by the runtime
		return []finding{{"open-files", trouble, fmt.Sprintf("limit %d, sip.max_calls %d needs about %d", limit.Max, cfg.SIP.MaxCalls, need),
			fmt.Sprintf("raise it: ulimit -n %d, or LimitNOFILE=%d in the service file", need, need)}}
	}
	return []finding{ok("open-files", "limit %d, about %d are needed", limit.Max, need)}
}

// Free space below which recordings and journal are in danger.
const (
	littleSpace = 1 << 30
	noSpace     = 100 << 20
)

// checkStore asks the shared store, where there is one, whether it can be used and what it keeps.
func checkStore(cfg *config.Config) []finding {
	r := cfg.Store.Redis
	if r.Address == "" {
		return nil
	}
	durable, err := redis.Look(redis.Config{Address: r.Address, Username: r.Username, Password: r.Password.Reveal(), DB: r.DB})
	switch {
	case errors.Is(err, redis.ErrEvicts):
		return []finding{{"store-redis", trouble, err.Error(), "set maxmemory-policy noeviction at the server"}}
	case err != nil:
		return []finding{{"store-redis", trouble, err.Error(), "start the server, or correct store.redis"}}
	case durable == redis.Nothing:
		return []finding{{"store-redis", warning, r.Address + " keeps no append-only file: its restart loses everything", "start it with --appendonly yes"}}
	case durable == redis.ToTheSecond:
		return []finding{{"store-redis", warning, r.Address + " syncs once a second: its end may take the last one", "set appendfsync always, or live with it"}}
	}
	return []finding{ok("store-redis", "%s answers", r.Address)}
}

// checkCertificate looks at what is shown by TLS, where something listens for it.
func checkCertificate(cfg *config.Config) []finding {
	c, err := openCertificate(cfg, slog.New(slog.DiscardHandler))
	switch {
	case err != nil:
		return []finding{{"certificate", trouble, err.Error(), "correct the section tls, or the files that it names"}}
	case c == nil:
		return nil
	}
	leaf := c.shown.Leaf
	names := strings.Join(leaf.DNSNames, " ")
	for _, a := range leaf.IPAddresses {
		names = strings.TrimSpace(names + " " + a.String())
	}
	left := time.Until(leaf.NotAfter)
	switch {
	case left <= 0:
		return []finding{{"certificate", trouble, fmt.Sprintf("for %s: not good since %s", names, leaf.NotAfter.Format(time.DateOnly)), "get a new one into the same files; no restart is needed"}}
	case left < certificateSoon:
		return []finding{{"certificate", warning, fmt.Sprintf("for %s: good until %s", names, leaf.NotAfter.Format(time.DateOnly)), "get a new one into the same files; no restart is needed"}}
	}
	return []finding{ok("certificate", "for %s, good until %s", names, leaf.NotAfter.Format(time.DateOnly))}
}

// certificateSoon is when a certificate's end is near.
const certificateSoon = 14 * 24 * time.Hour

// checkDisk looks at the folders that grow: writable, and with room.
func checkDisk(cfg *config.Config) (list []finding) {
	type folder struct{ id, path string }
	folders := []folder{{"disk-recordings", cfg.Recordings.Path}}
	if cfg.Store.Redis.Address == "" {
		folders = append(folders, folder{"disk-store", filepath.Dir(cfg.Store.Path)})
	}
	for _, x := range folders {
		list = append(list, checkFolder(x.id, existing(x.path)))
	}
	return list
}

// existing gives the nearest folder above that exists: serve makes what is missing below.
func existing(path string) string {
	for {
		if info, err := os.Stat(path); err == nil && info.IsDir() || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}

func checkFolder(id, dir string) finding {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return finding{id, trouble, fmt.Sprintf("%s: %v", dir, err), "let this user write there, or set another path"}
	}
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return finding{id, warning, fmt.Sprintf("%s: %v", dir, err), ""}
	}
	free := s.Bavail * uint64(s.Bsize)
	evidence := fmt.Sprintf("%s has %d MiB free", dir, free>>20)
	switch {
	case free < noSpace:
		return finding{id, trouble, evidence, "free space: below 100 MiB calls will be refused soon"}
	case free < littleSpace:
		return finding{id, warning, evidence, "free space: a minute of recording takes 2 MiB"}
	}
	return ok(id, "%s", evidence)
}

// checkPrompts reads every prompt, as serve does.
func checkPrompts(cfg *config.Config, src config.Source) []finding {
	fsys, where := src.Prompts, "shipped prompts"
	if cfg.Media.Prompts != "" {
		fsys, where = os.DirFS(cfg.Media.Prompts), cfg.Media.Prompts
	}
	lib, err := prompt.Load(fsys, prompt.Limits{})
	if err != nil {
		return []finding{{"prompts", trouble, fmt.Sprintf("%s: %v", where, err), "prompts are WAV, 8000 or 16000 Hz, mono, 16 bits"}}
	}
	return []finding{ok("prompts", "%s: %d prompts, %d MiB in memory", where, len(lib.Names()), lib.Bytes()>>20)}
}

// built is a time before which no right clock can be.
var built = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// checkClock looks whether the clock is set and kept, and whether time zones are known.
func checkClock(now time.Time) (list []finding) {
	list = append(list, clock(now))
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		list = append(list, finding{"time-zones", trouble, err.Error(), "install the time zone data (package tzdata): opening hours need it"})
	} else {
		zone, _ := now.Zone()
		list = append(list, ok("time-zones", "known; the local zone is %s", zone))
	}
	return list
}

// unsynchronised is STA_UNSYNC of adjtimex(2).
const unsynchronised = 0x40

func clock(now time.Time) finding {
	if now.Before(built) {
		return finding{"clock", trouble, "it says " + now.Format(time.RFC3339), "set the clock: `timedatectl set-ntp true`"}
	}
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err == nil && t.Status&unsynchronised != 0 {
		return finding{"clock", warning, now.Format(time.RFC3339) + ", but nothing keeps it right", "run chrony or systemd-timesyncd"}
	}
	return ok("clock", "%s", now.Format(time.RFC3339))
}

// checkPasswords names weak ones: a problem where others can reach us, else a warning.
func checkPasswords(cfg *config.Config) (list []finding) {
	grade := warning
	if len(cfg.Public()) > 0 {
		grade = trouble
	}
	for _, w := range cfg.Weak() {
		list = append(list, finding{"password-" + strings.ReplaceAll(strings.TrimPrefix(w.Who, "endpoint "), " ", "-"), grade, "the password of " + w.Who + " is weak: " + w.Why,
			"give it a long random one, by environment or file"})
	}
	if len(list) == 0 {
		list = append(list, ok("passwords", "none of the endpoints' passwords can be guessed"))
	}
	return list
}
