package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/control/controltest"
)

var updateGolden = flag.Bool("update", false, "rewrite the golden files")

// shell runs command lines against a fake gateway, in an empty folder, three minutes after everything began.
type shell struct {
	app      *app
	fake     *controltest.Fake
	out, err bytes.Buffer
}

func newShell(t *testing.T) *shell {
	t.Helper()
	t.Chdir(t.TempDir())
	s := &shell{fake: &controltest.Fake{}}
	now := func() time.Time { return controltest.Start.Add(3 * time.Minute) }
	serve := func(context.Context, serveOptions, streams) error { return nil }
	s.app = newApp(streams{Out: &s.out, Err: &s.err, Now: now}, gateway{serve: serve, selftest: serve})
	s.app.connect = func(string) control.Backend { return s.fake }
	s.app.env = func(string) (string, bool) { return "", false }
	return s
}

func (s *shell) run(line ...string) int {
	s.out.Reset()
	s.err.Reset()
	return s.app.run(context.Background(), line)
}

func TestNormalise(t *testing.T) {
	root := newShell(t).app.root()
	for _, c := range []struct{ in, want string }{ // want without "=": an error that holds this text
		{"call list", "=call list"},
		{"call show c_1 --json", "=--json call show -- c_1"},
		{"call show c_1 -o json", "=--output=json call show -- c_1"},
		{"--json call -o=table show c_1", "=--json --o=table call show -- c_1"},
		{"call --socket /x show c_1", "=--socket=/x call show -- c_1"},
		{"record search anna --limit 3 --json", "=--json record search --limit=3 -- anna"},
		{"record search --limit=3 anna", "=record search --limit=3 -- anna"},
		{"agent set ben away --reason lunch", "=agent set --reason=lunch -- ben away"},
		{"call show -- --json", "=call show -- --json"},
		{"call show -", "=call show -- -"},
		{"call show list", "=call show -- list"},
		{"call --help", "=call --help"},
		{"call show c_1 -h", "=call show --help"},
		{"", "="},
		{"call shwo", `unknown command "call shwo"`},
		{"cal list", `unknown command "cal"`},
		{"call list --jsn", "unknown flag --jsn"},
		{"call list -x", "unknown flag -x"},
		{"call list --limit 3", "unknown flag --limit"},
		{"call list --socket", "flag --socket needs a value"},
	} {
		got, err := normalise(root, strings.Fields(c.in))
		want, good := strings.CutPrefix(c.want, "=")
		if good && (err != nil || !sameLine(got, want)) {
			t.Errorf("%q: got %q, %v, want %q", c.in, strings.Join(got, " "), err, want)
		}
		if !good && (err == nil || !strings.Contains(err.Error(), want) || codeOf(err) != exitUsage) {
			t.Errorf("%q: got %q, %v, want a usage error with %q", c.in, got, err, want)
		}
	}
}

// sameLine compares without minding whether -o was written in full.
func sameLine(got []string, want string) bool {
	return strings.ReplaceAll(strings.Join(got, " "), "--o=json", "--output=json") == want
}

func TestExitCodes(t *testing.T) {
	s := newShell(t)
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("flow.yaml", "start: a\nsteps: {a: {hangup: 16}}\nflow: x # named last\n")
	write("good.txt", "to 1000\nexpect prompt demo/menu\n")
	write("wrong.txt", "to 1000\nexpect prompt demo/never\n")
	write("wrong.yaml", "sip: {domian: x}\n")
	write("public.yaml", "sip: {listen: [udp 0.0.0.0:5060]}\nendpoints: {anna: {password: \"${env:TANDEM_DEMO_PASSWORD}\"}}\n")
	for _, c := range []struct {
		line string
		code int
		next string // in the third part of the error
	}{
		{"call list", exitDone, ""}, {"call show c_1", exitDone, ""}, {"config check", exitDone, ""}, {"serve", exitDone, ""},
		{"demo", exitDone, ""}, {"selftest", exitDone, ""}, {"flow graph main", exitDone, ""}, {"trunk test carrier", exitDone, ""},
		{"call --help", exitDone, ""},
		{"trunk test dead", exitFailed, "firewall"}, {"agent set anna away", exitFailed, "tandem agent list"},
		{"call", exitUsage, "--help"}, {"call show", exitUsage, "--help"}, {"call show a b", exitUsage, "--help"},
		{"calls", exitUsage, "did you mean call?"}, {"call list --jsno", exitUsage, "did you mean --json?"},
		{"call list -o xml", exitUsage, "-o json"}, {"agent set ben awya", exitUsage, "available, away"},
		{"record search --limit many", exitUsage, "--help"}, {"record search --since yesterday", exitUsage, "2h"},
		{"completion powershell", exitUsage, "bash"}, {"flow graph main --format svg", exitUsage, "dot"},
		{"config check wrong.yaml", exitConfig, "tandem config check"}, {"serve -c wrong.yaml", exitConfig, "tandem config check"},
		{"config check public.yaml", exitConfig, "127.0.0.1"}, {"serve --config public.yaml", exitConfig, "127.0.0.1"},
		{"call show c_2", exitNotFound, "tandem call list"}, {"call hangup c_2", exitNotFound, "tandem call list"},
		{"queue show none", exitNotFound, "tandem queue list"}, {"record show r_2", exitNotFound, "tandem record search"},
		{"trunk test none", exitNotFound, "tandem trunk list"}, {"config check none.yaml", exitNotFound, "name a file"},
		{"flow graph mian", exitNotFound, "did you mean main?"},
		{"call record c_1 pause", exitDone, ""}, {"call record c_1 resume", exitFailed, "tandem call list"},
		{"call record c_1 rewind", exitUsage, "start, pause, resume, stop"}, {"call record c_2 start", exitNotFound, "tandem call list"},
		{"why c_1", exitDone, ""}, {"why c_7", exitNotFound, "tandem queue show"},
		{"flow test none", exitNotFound, "name a script"}, {"flow test good.txt", exitDone, ""}, {"flow test .", exitFailed, "correct the flow"},
		{"flow format none.yaml", exitNotFound, "name a flow file"}, {"flow format wrong.yaml", exitConfig, "correct the file"},
		{"flow format flow.yaml --write", exitDone, ""},
		{"help", exitDone, ""}, {"help call list", exitDone, ""}, {"--version", exitDone, ""}, {"-v", exitDone, ""},
	} {
		code := s.run(strings.Fields(c.line)...)
		if code != c.code {
			t.Errorf("%q: got exit %d, want %d: %s", c.line, code, c.code, s.err.String())
		}
		if c.next != "" && (!strings.HasPrefix(lastLine(s.err.String()), "  next: ") || !strings.Contains(lastLine(s.err.String()), c.next)) {
			t.Errorf("%q: got %q, want the next step to name %q", c.line, s.err.String(), c.next)
		}
	}
	if text, err := os.ReadFile("flow.yaml"); err != nil || !strings.HasPrefix(string(text), "flow: x # named last\nstart: a\n") {
		t.Errorf("formatted: %q, %v", text, err)
	}
	s.fake.Err = control.ErrUnreachable
	if code := s.run("call", "list"); code != exitUnreachable || !strings.Contains(s.err.String(), "tandem serve") {
		t.Errorf("got exit %d, %s", code, s.err.String())
	}
	s.fake.Err = fs.ErrPermission
	if code := s.run("call", "list"); code != exitConfig || !strings.Contains(s.err.String(), "root") {
		t.Errorf("got exit %d, %s", code, s.err.String())
	}
	if code := codeOf(context.Canceled); code != exitInterrupted {
		t.Errorf("got exit %d, want %d", code, exitInterrupted)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return lines[len(lines)-1]
}

// outputs are the commands whose output is kept in testdata/cli, in both forms.
var outputs = []string{"call list", "call show c_1", "call trace c_1", "call record c_1 pause", "why c_1", "queue list", "queue show support", "agent list",
	"endpoint list", "node list", "trunk list", "trunk test carrier", "record show r_1", "record search anna", "agent set ben away --reason lunch"}

func TestOutputs(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t)
	for _, line := range outputs {
		var got bytes.Buffer
		for _, form := range []string{"table", "json"} {
			if code := s.run(append(strings.Fields(line), "-o", form)...); code != exitDone {
				t.Fatalf("%s: got exit %d: %s", line, code, s.err.String())
			}
			got.WriteString("$ tandem " + line + " -o " + form + "\n" + s.out.String())
			if form == "json" && !json.Valid(s.out.Bytes()) {
				t.Errorf("%s: got no JSON: %s", line, s.out.String())
			}
		}
		golden := filepath.Join(here, "testdata", "cli", strings.ReplaceAll(line, " ", "_")+".txt")
		if *updateGolden {
			if err := errors.Join(os.MkdirAll(filepath.Dir(golden), 0o755), os.WriteFile(golden, got.Bytes(), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got.String() != string(want) {
			t.Errorf("%s: %v\ngot:\n%s\nwant:\n%s", line, err, got.String(), want)
		}
	}
}

func TestEmptyListIsAnArray(t *testing.T) {
	s := newShell(t)
	if s.run("record", "search", "nobody"); !strings.HasPrefix(s.out.String(), "RECORD") {
		t.Errorf("got %q, want the heading alone", s.out.String())
	}
}

func TestCompletion(t *testing.T) {
	s := newShell(t)
	for line, want := range map[string]string{
		"cal":                         "call callback",
		"call ":                       "list show trace hangup record",
		"call show ":                  "c_1",
		"call show x":                 "",
		"call show c_1 ":              "",
		"call hangup c_1 ":            "c_1",
		"queue show ":                 "support",
		"agent set ":                  "anna ben",
		"agent set b":                 "ben",
		"agent set ben a":             "available away",
		"trunk test ":                 "carrier",
		"record show ":                "r_1",
		"flow graph m":                "main",
		"completion ":                 "bash fish zsh",
		"call list -o ":               "table json",
		"--socket /x call show ":      "c_1",
		"call list --output = j":      "json",
		"call list --output =":        "table json",
		"call record c_1 re":          "resume",
		"why ":                        "c_1",
		"flow graph --format d":       "dot",
		"config check ":               askForFiles,
		"flow test x":                 askForFiles,
		"call list --config x":        askForFiles,
		"record search --l":           "--limit",
		"call list --out":             "--output",
		"nonsense more ":              "",
		"config check --socket /x -o": "",
	} {
		words := strings.Split(line, " ")
		if s.run(append([]string{completeCommand}, words...)...) != exitDone {
			t.Fatalf("%q: completion failed", line)
		}
		if got := strings.Join(strings.Fields(s.out.String()), " "); got != want && !(strings.HasPrefix(line, "nonsense") || strings.HasPrefix(line, "config check")) {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
		if s.err.Len() > 0 {
			t.Errorf("%q: completion spoke: %s", line, s.err.String())
		}
	}
	s.fake.Err = control.ErrUnreachable
	s.app.connect = func(string) control.Backend { return control.NewClient("/nowhere/control.sock") }
	if s.run(completeCommand, "call", "show", ""); s.out.Len() > 0 || s.err.Len() > 0 {
		t.Errorf("got %q %q, want silence without a gateway", s.out.String(), s.err.String())
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if s.run("completion", shell); !strings.Contains(s.out.String(), completeCommand) {
			t.Errorf("%s: got %q", shell, s.out.String())
		}
	}
}

func TestSearchedNumbers(t *testing.T) {
	for text, want := range map[string]string{"030 12-34": "301234", "+49 (0)30 1234": "49301234", "0049/30/1234": "49301234",
		"anna": "anna", "r_01": "r_01", "42": "42", "00123": "00123", "2026-11-22": "2026-11-22", "": ""} {
		if got := searched(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// stuck is a gateway that never answers.
type stuck struct{ control.Backend }

func (stuck) Calls(ctx context.Context) ([]control.Call, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestCompletionWaitsNoLongerThanItsBudget(t *testing.T) {
	s := newShell(t)
	s.app.connect = func(string) control.Backend { return stuck{} }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if s.run(completeCommand, "call", "show", ""); s.out.Len() > 0 || time.Since(began) != completeBudget {
			t.Fatalf("got %q after %v, want silence after %v", s.out.String(), time.Since(began), completeBudget)
		}
	})
}

func TestDemoKeepsItsDataWhereItIsTold(t *testing.T) {
	s := newShell(t)
	var got []*config.Config
	s.app.serve = func(_ context.Context, o serveOptions, _ streams) error {
		got = append(got, o.Config)
		return nil
	}
	dir := t.TempDir()
	if s.run("demo", "--keep", dir) != exitDone || s.run("demo") != exitDone || s.run("serve") != exitDone {
		t.Fatal(s.err.String())
	}
	if !strings.HasPrefix(got[0].Store.Path, dir) || strings.HasPrefix(got[1].Store.Path, dir) {
		t.Fatalf("got %s and %s", got[0].Store.Path, got[1].Store.Path)
	}
	if _, err := os.Stat(got[1].Dir); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want the temporary folder removed", err)
	}
	if got[1].Control.Socket != got[2].Control.Socket {
		t.Fatalf("got %s and %s, want one place to find the demo", got[1].Control.Socket, got[2].Control.Socket)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	s := newShell(t)
	if err := os.WriteFile("w.yaml", []byte("endpoints: {anna: {password: geheim123}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"config show w.yaml", "config show w.yaml --effective", "config show w.yaml --json", "config check w.yaml",
		"config check w.yaml --json", "config show --effective", "config show --json", "doctor", "doctor -c w.yaml"} {
		s.run(strings.Fields(line)...)
		if text := s.out.String() + s.err.String(); strings.Contains(text, "geheim") || strings.Contains(text, config.DemoPassword) {
			t.Errorf("%s tells a secret: %s", line, text)
		}
	}
}

func TestConfigCheckAsJSON(t *testing.T) {
	s := newShell(t)
	if err := os.WriteFile("w.yaml", []byte("sip: {domian: x}\nlog: {level: loud}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := s.run("config", "check", "w.yaml", "--json"); code != exitConfig {
		t.Fatalf("got exit %d", code)
	}
	var got checked
	if err := json.Unmarshal(s.out.Bytes(), &got); err != nil || got.OK {
		t.Fatalf("%v: %s", err, s.out.String())
	}
	if f := got.Faults[0]; f.File != "w.yaml" || f.Line != 1 || f.Column != 7 || !strings.Contains(f.Hint, "domain") {
		t.Fatalf("got %+v", f)
	}
}

func TestTableIsSafeForTerminals(t *testing.T) {
	var out bytes.Buffer
	tab := table{head: []string{"A", "B"}}
	tab.add("é\x1b[31mred", "")
	tab.add("x", "y")
	if err := tab.write(streams{Out: &out}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "A          B\né?[31mred  -\nx          y\n"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	out.Reset()
	if _ = tab.write(streams{Out: &out, Color: true}); !strings.HasPrefix(out.String(), "\x1b[1m") {
		t.Fatalf("got %q, want a bold heading", out.String())
	}
}

// TestBashCompletes runs the script that completion prints in a real bash, with a stand-in for the program.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatalf("bash completes nothing where there is no bash: %v", err)
	}
	s := newShell(t)
	s.run("completion", "bash")
	const program = "#!/bin/sh\nif [ \"$*\" = \"__complete call show \" ]; then echo c_1; echo c_2; else echo :files; fi\n"
	for name, text := range map[string]string{"tandem": program, "flow file.txt": ""} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{"tandem call show ": "c_1|c_2|", "tandem flow test flow": "flow file.txt|"} {
		words := strings.Split(line, " ")
		call := exec.Command(bash, append([]string{"-c", s.out.String() + `PATH=.:$PATH; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _tandem; printf "%s|" "${COMPREPLY[@]}"`, "_"}, words...)...)
		got, err := call.CombinedOutput()
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v, want %q", line, got, err, want)
		}
	}
}
