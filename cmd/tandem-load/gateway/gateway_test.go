package gateway

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/config"
)

// TestSiteIsAConfiguration lets the gateway's own reader check what is written.
func TestSiteIsAConfiguration(t *testing.T) {
	host := netip.MustParseAddr("127.0.0.5")
	plain := Site{
		Host: host, SIPPort: 5060, HTTPPort: 8080, In: netip.MustParseAddr("127.0.0.2"), Rate: 1000, Burst: 100, MaxCalls: 4800,
		Ring: time.Minute, Log: "warn", Drain: time.Second, Phones: 1,
	}
	full := plain
	full.Phones, full.CDR = 3, true
	full.Flow = "flow: main\nstart: a\nsteps:\n  a: {hangup: 16}\n"
	for name, site := range map[string]Site{"plain": plain, "full": full} {
		dir := t.TempDir()
		if site.Flow != "" {
			if err := os.Mkdir(filepath.Join(dir, "flows"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "flows", "main.yaml"), []byte(site.Flow), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		env := func(string) (string, bool) { return Password, true }
		cfg, faults, err := config.Load(config.Source{Files: []config.File{{Name: "tandem.yaml", Data: []byte(site.YAML())}}, Dir: dir, Env: env})
		if err != nil || len(faults.All()) > 0 {
			t.Errorf("%s: %v\n%v", name, err, faults)
			continue
		}
		if len(cfg.Endpoints) != site.Phones || len(cfg.Agents) != site.Phones || cfg.Queues[Queue] == nil || cfg.SIP.CallsPerSecond != site.Rate {
			t.Errorf("%s: got %+v", name, cfg)
		}
		if why := cfg.Exposed(); why != nil {
			t.Errorf("%s: would not start: %v", name, why)
		}
	}
}

func TestUsageOfOurselves(t *testing.T) {
	u, err := UsageOf(os.Getpid())
	if err != nil || u.RSS < 1<<20 || u.Threads < 1 || u.Files < 3 || u.CPU <= 0 {
		t.Errorf("got %+v, %v", u, err)
	}
	if _, err := UsageOf(1 << 30); err == nil {
		t.Error("the usage of nobody was read")
	}
}

func TestUserSystem(t *testing.T) {
	stat := "12 (a ) b) S 1 12 12 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0"
	if got, err := userSystem(stat); err != nil || got != 2*time.Second {
		t.Errorf("got %v, %v, want 2s", got, err)
	}
	if _, err := userSystem("1 (x) S"); err == nil {
		t.Error("a short line was read")
	}
}

func TestCollections(t *testing.T) {
	log := []byte(strings.Join([]string{
		"level=WARN msg=x",
		"gc 1 @0.012s 2%: 0.014+0.33+0.003 ms clock, 0.014+0.10/0.20/0.30+0.003 ms cpu, 3->4->2 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 1 P",
		"gc 12 @1.5s 1%: 0.014+0.33+0.003 ms clock, 0.014+0.10/0.20/0.30+0.003 ms cpu, 60->64->33 MB, 70 MB goal, 0 MB stacks, 0 MB globals, 1 P",
		"",
	}, "\n"))
	if n, live := collections(log); n != 12 || live != 33<<20 {
		t.Errorf("got %d, %.0f", n, live)
	}
	if n, live := collections(nil); n != 0 || live != 0 {
		t.Errorf("of nothing: got %d, %.0f", n, live)
	}
	if got := string(plain(log)); got != "level=WARN msg=x\n" {
		t.Errorf("got %q", got)
	}
}
