package rig

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// beside is how many tests run at once: they wait much more than they compute.
const beside = "8"

// Main runs the tests of a package and removes the binary afterwards.
func Main(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", beside) // the flag exists, and the value is a number
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// built is the binary of this test process.
var built struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Binary builds the gateway, once in a test process, and gives its path.
func Binary(t testing.TB) string {
	t.Helper()
	built.once.Do(build)
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// build builds from the module that the tests run in. TANDEM_E2E_BUILD holds further flags for the build, such as -race.
func build() {
	if built.dir, built.err = os.MkdirTemp("", "tandem-e2e-bin-"); built.err != nil {
		return
	}
	built.path = filepath.Join(built.dir, "tandem")
	args := append([]string{"build"}, strings.Fields(os.Getenv("TANDEM_E2E_BUILD"))...)
	cmd := exec.Command("go", append(args, "-o", built.path, "tandem/cmd/tandem")...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		built.err = fmt.Errorf("the gateway does not build: %w\n%s", err, said.Bytes())
	}
}

// tools tells how to get what Need asks for.
var tools = map[string]string{"sipp": "sip-tester", "baresip": "baresip-core", "tshark": "tshark", "redis-server": "redis-server"}

// Need fails the test where a tool is missing, and gives its path.
func Need(t testing.TB, tool string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err == nil {
		return path
	}
	pkg := tools[tool]
	if pkg == "" {
		pkg = tool
	}
	t.Fatalf("%s is missing (%v): install it, in Debian `apt-get install %s`", tool, err, pkg)
	return ""
}
