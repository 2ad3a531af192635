package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/demo"
)

var update = flag.Bool("update", false, "rewrite the expected error texts")

func demoSource(data []byte) config.Source {
	return config.Source{Files: []config.File{{Name: "tandem.yaml", Data: data}}, Dir: "/srv", Flows: demo.Flows(),
		Prompts: demo.Prompts(), Env: func(string) (string, bool) { return "", false }}
}

func TestDemoIsRight(t *testing.T) {
	c, faults, err := config.Load(demoSource(demo.Config()))
	if err != nil {
		t.Fatal(err)
	}
	if s := faults.String(); s != "" {
		t.Fatalf("got warnings:\n%s", s)
	}
	if c.Store.Path != "/srv/data/tandem.db" || c.Endpoints["anna"].Extension != "201" || c.AgentCodes.SignIn != "*11" {
		t.Fatalf("got %+v", c)
	}
	room := c.ACD()
	if len(room.Queues) != 1 || room.Queues[0].RingTimeout != 20*time.Second || room.Queues[0].WrapUp != 10*time.Second {
		t.Fatalf("got %+v", room)
	}
	if t1 := c.TrunkConfigs(); len(t1) != 1 || t1[0].Name != "carrier" || t1[0].Country != "DE" || t1[0].Targets[0].Port != 5060 {
		t.Fatalf("got %+v", t1)
	}
	if c.Numbers["1000"].Flow != "main" || c.Plan.Modules["main"] == nil {
		t.Fatalf("got %+v", c.Numbers)
	}
	if err := c.Exposed(); err != nil {
		t.Fatalf("got %v, want loopback to be safe", err)
	}
}

var flows = fstest.MapFS{"main.yaml": {Data: []byte("flow: main\nstart: bye\nsteps:\n  bye: {hangup: 16}\n")}}

// TestPairs loads testdata/config/*.yaml and compares every fault with the .txt beside it; an empty one means: right.
func TestPairs(t *testing.T) {
	inputs, err := filepath.Glob("testdata/config/*.yaml")
	if err != nil || len(inputs) < 8 {
		t.Fatalf("got %d inputs, %v", len(inputs), err)
	}
	for _, in := range inputs {
		t.Run(strings.TrimSuffix(filepath.Base(in), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			src := demoSource(data)
			src.Files[0].Name, src.Flows = filepath.Base(in), flows
			_, faults, err := config.Load(src)
			if (err != nil) != faults.Failed() || err != nil && !errors.Is(err, config.ErrFaults) {
				t.Fatalf("got %v with faults %v", err, faults.Failed())
			}
			golden := strings.TrimSuffix(in, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(faults.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || faults.String() != string(want) {
				t.Fatalf("%v\ngot:\n%s\nwant:\n%s", err, faults.String(), want)
			}
		})
	}
}

// TestEachFaultIsTold breaks the demo in many ways at once and wants every fault of the run.
func TestEachFaultIsTold(t *testing.T) {
	text := string(demo.Config())
	for _, change := range [][2]string{
		{"ring_timeout: 20s", "ring_tmeout: 20s"}, {"queues: [support]", "queues: [suport]"}, {"endpoint: ben", "endpoint: benn"},
		{"1000: main", "1000: mian"}, {"extension: 202", "extension: 201"}, {"trunks: [carrier]", "trunks: [carier]"},
		{"ports: 20000-29999", "ports: 20000"}, {"level: info", "level: loud"}, {"max_size", "max_size"}, {"host: 127.0.0.2", `host: ""`},
	} {
		text = strings.Replace(text, change[0], change[1], 1)
	}
	_, faults, err := config.Load(demoSource([]byte(text)))
	if !errors.Is(err, config.ErrFaults) {
		t.Fatalf("got %v, want ErrFaults", err)
	}
	for _, want := range []string{`"ring_tmeout"`, "suport", "benn", "mian", "201", "carier", "media.ports", "log.level", "host"} {
		if !strings.Contains(faults.String(), want) {
			t.Errorf("no word about %s in:\n%s", want, faults.String())
		}
	}
}

func TestShowRoundTrips(t *testing.T) {
	c, _, err := config.Load(demoSource(demo.Config()))
	if err != nil {
		t.Fatal(err)
	}
	shown, err := c.Show()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown), config.DemoPassword) || !strings.Contains(string(shown), "${env:TANDEM_DEMO_PASSWORD}") {
		t.Fatalf("a secret is told, or its reference is not:\n%s", shown)
	}
	again, _, err := config.Load(demoSource(shown))
	if err != nil {
		t.Fatalf("what is shown cannot be read: %v\n%s", err, shown)
	}
	twice, err := again.Show()
	if err != nil || string(twice) != string(shown) {
		t.Fatalf("%v\nfirst:\n%s\nsecond:\n%s", err, shown, twice)
	}
	values, err := c.Values()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(values)
	if err != nil || !strings.Contains(string(raw), `"max_calls":500`) || !strings.Contains(string(raw), `"extension":"201"`) {
		t.Fatalf("%v: %s", err, raw)
	}
}

func TestExposedWithDemoPassword(t *testing.T) {
	text := strings.Replace(string(demo.Config()), "udp 127.0.0.1:5060", "udp 0.0.0.0:5060", 1)
	c, _, err := config.Load(demoSource([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Exposed(); err == nil || !strings.Contains(err.Error(), "sip.listen 0.0.0.0") || !strings.Contains(err.Error(), "anna") {
		t.Fatalf("got %v, want the address and the endpoints named", err)
	}
	src := demoSource([]byte(text))
	src.Env = func(string) (string, bool) { return "a long and good one", true }
	if c, _, _ = config.Load(src); c.Exposed() != nil {
		t.Fatalf("got %v, want a good password accepted", c.Exposed())
	}
}

func TestWeakPasswords(t *testing.T) {
	for password, weak := range map[string]bool{"12345678901": true, "anna": true, "201": true, "Password": true, "short": true,
		"mvdk3Lq09": false} {
		phones, pages, _ := strings.Cut(string(demo.Config()), "\nusers:")
		src := demoSource([]byte(phones + "\nusers:" + strings.ReplaceAll(pages, "TANDEM_DEMO_PASSWORD", "PAGES_PASSWORD")))
		src.Env = func(name string) (string, bool) {
			if name == "PAGES_PASSWORD" {
				return "a long and good one", true
			}
			return password, true
		}
		c, _, err := config.Load(src)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, w := range c.Weak() {
			found = found || w.Who == "endpoint anna"
		}
		if found != weak {
			t.Errorf("%s: got weak %v, want %v", password, found, weak)
		}
	}
}

func TestOpenFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": "sip: {domain: one.test}\n", "sub/b.yml": "queues: {support: {}}\n", "flows/c.yaml": "flow: main\nstart: bye\nsteps: {bye: {hangup: 16}}\n",
		".hidden.yaml": "not: read\n", "notes.txt": "not read",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src, err := config.Open(dir)
	if err != nil || len(src.Files) != 2 {
		t.Fatalf("got %d files, %v", len(src.Files), err)
	}
	c, _, err := config.Load(src)
	if err != nil || c.SIP.Domain != "one.test" || c.Queues["support"] == nil || c.Plan.Modules["main"] == nil {
		t.Fatalf("got %+v, %v", c, err)
	}
	if _, err := config.Open(t.TempDir()); err == nil {
		t.Fatal("got nil, want an error for a folder without a file")
	}
	if _, err := config.Open(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
}

func TestValues(t *testing.T) {
	var p config.PortRange
	if err := p.UnmarshalText([]byte("20001-20004")); err != nil || p.Streams() != 1 {
		t.Fatalf("got %v, %v: 20002 and 20003 are the one pair", p.Streams(), err)
	}
	for _, bad := range []string{"", "1-2", "20000", "30000-20000", "x-y", "20000-70000"} {
		if err := p.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("ports %q: got nil, want an error", bad)
		}
	}
	var b config.Bytes
	for text, want := range map[string]int64{"64MiB": 64 << 20, "1 KiB": 1024, "0B": 0, "5B": 5} {
		if err := b.UnmarshalText([]byte(text)); err != nil || int64(b) != want {
			t.Errorf("size %q: got %d, %v", text, b, err)
		}
	}
	for _, bad := range []string{"", "64", "MiB", "-1B", "9999999999GiB"} {
		if err := b.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("size %q: got nil, want an error", bad)
		}
	}
}
