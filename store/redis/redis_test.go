package redis_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/redis"
	"tandem/store/storetest"
)

const program = "/usr/bin/redis-server"

// servers are the running servers, one for each folder.
var servers = struct {
	sync.Mutex
	byDir map[string]*server
}{byDir: map[string]*server{}}

type server struct {
	dir, address string
	cmd          *exec.Cmd
}

// start runs a server in a folder, on a free port.
func start(dir string) (*server, error) {
	servers.Lock()
	defer servers.Unlock()
	if s := servers.byDir[dir]; s != nil {
		return s, nil
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("these tests need a Redis server: install the package redis-server (%w)", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, address: l.Addr().String()}
	_ = l.Close()
	if err := s.run(); err != nil {
		return nil, err
	}
	servers.byDir[dir] = s
	return s, os.WriteFile(filepath.Join(dir, "address"), []byte(s.address), 0o600)
}

func (s *server) run() error {
	_, port, _ := net.SplitHostPort(s.address)
	s.cmd = exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--appendonly", "yes", "--appendfsync", "always",
		"--save", "", "--loglevel", "warning")
	if err := s.cmd.Start(); err != nil {
		return err
	}
	c := client.NewClient(&client.Options{Addr: s.address, MaxRetries: -1})
	defer func() { _ = c.Close() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var err error
	for range 2000 {
		if err = c.Ping(context.Background()).Err(); err == nil {
			return nil
		}
		<-tick.C
	}
	return fmt.Errorf("redis-server on %s: %w", s.address, err)
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stopIn ends the server of a folder.
func stopIn(dir string) {
	servers.Lock()
	defer servers.Unlock()
	if s := servers.byDir[dir]; s != nil {
		s.kill()
		delete(servers.byDir, dir)
	}
}

// open reaches the server of a folder. A child process of the suite finds the one that its parent began.
func open(dir string, o engine.Options) (store.Store, error) {
	address, err := os.ReadFile(filepath.Join(dir, "address"))
	if err != nil {
		return nil, err
	}
	return redis.Open(redis.Config{Address: string(address)}, o)
}

var subject = storetest.Subject{
	Durable: true,
	Open:    open,
	Break: func(dir string) func() {
		s, _ := start(dir)
		c := client.NewClient(&client.Options{Addr: s.address})
		set := func(bytes string) {
			if err := c.ConfigSet(context.Background(), "maxmemory", bytes).Err(); err != nil {
				panic(err)
			}
		}
		set("1")
		return func() { set("0"); _ = c.Close() }
	},
	Begin: func(dir string) error { _, err := start(dir); return err },
	End:   stopIn,
}

func TestMain(m *testing.M) {
	storetest.Child(subject)
	os.Exit(m.Run())
}

func TestStore(t *testing.T) { storetest.Run(t, subject) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, subject) }

func configure(t *testing.T, s *server, name, value string) {
	t.Helper()
	c := client.NewClient(&client.Options{Addr: s.address})
	defer func() { _ = c.Close() }()
	if err := c.ConfigSet(context.Background(), name, value).Err(); err != nil {
		t.Fatal(err)
	}
}

// serve runs a server in a new folder until the end of the test.
func serve(t *testing.T) (dir string, s *server) {
	t.Helper()
	dir = t.TempDir()
	s, err := start(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopIn(dir) })
	return dir, s
}
