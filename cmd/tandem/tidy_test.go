package main

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const treeRoot = "../.."

// mayImport is the map of the house: which rooms a room may use, beside the standard library and the listed dependencies. The
// first entry whose folder holds the package counts.
var mayImport = []struct {
	room    string
	imports []string
}{
	{"store/journey", nil},
	{"media", []string{"media"}},
	{"sip/b2bua", []string{"sip", "media", "store/journey"}},
	{"sip", []string{"sip"}},
	{"ivr", []string{"ivr", "store/journey"}},
	{"acd", []string{"acd", "store/journey"}},
	{"digital", []string{"digital", "store/journey"}},
	{"store", []string{"store"}},
	{"cmd", []string{"acd", "cmd", "digital", "ivr", "media", "sip", "store"}},
}

// stdlibOnly are the rooms that use nothing but the standard library.
var stdlibOnly = []string{"store/journey"}

// TestTidy holds the rules of the house: who imports whom, a doc.go in each package, a comment on each exported name, a reason for
// each dependency, a golden table for each machine. It prints, without failing, what has grown beyond the aims.
func TestTidy(t *testing.T) {
	packages := map[string][]*ast.File{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(treeRoot, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != treeRoot || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		dir, _ := filepath.Rel(treeRoot, filepath.Dir(path))
		checkImports(t, dir, path, file)
		checkSizes(t, fset, path, file)
		if !strings.HasSuffix(path, "_test.go") {
			packages[dir] = append(packages[dir], file)
			checkComments(t, fset, file)
			checkGolden(t, dir, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 20 {
		t.Fatalf("got %d packages, want the whole tree", len(packages))
	}
	for dir := range packages {
		if _, err := os.Stat(filepath.Join(treeRoot, dir, "doc.go")); err != nil {
			t.Errorf("%s: no doc.go", dir)
		}
	}
	checkReasons(t)
}

func within(dir, room string) bool { return dir == room || strings.HasPrefix(dir, room+"/") }

func checkImports(t *testing.T, dir, path string, file *ast.File) {
	var allowed []string
	for _, m := range mayImport {
		if within(dir, m.room) {
			allowed = m.imports
			break
		}
	}
	for _, spec := range file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		other, ours := strings.CutPrefix(name, "tandem/")
		if !ours {
			if strings.Contains(strings.SplitN(name, "/", 2)[0], ".") && inRooms(stdlibOnly, dir) {
				t.Errorf("%s imports %s: this room uses the standard library only", path, name)
			}
			continue
		}
		if within(other, "sip/b2bua") && within(dir, "sip") && !within(dir, "sip/b2bua") || !inRooms(allowed, other) && other != dir {
			t.Errorf("%s imports %s: the map of the house forbids it", path, name)
		}
	}
}

func inRooms(rooms []string, dir string) bool {
	for _, r := range rooms {
		if within(dir, r) {
			return true
		}
	}
	return false
}

// checkComments wants a doc comment that starts with the name on each exported function, type and method.
func checkComments(t *testing.T, fset *token.FileSet, file *ast.File) {
	documented := "" // the method of a block of one-line methods that bears the comment for all
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if strings.HasPrefix(d.Doc.Text(), d.Name.Name) {
				documented = d.Name.Name
			} else if d.Name.IsExported() && exportedReceiver(d) && (d.Doc != nil || d.Name.Name != documented) {
				t.Errorf("%s: %s has no comment that starts with its name", fset.Position(d.Pos()), d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() && s.Doc == nil && d.Doc == nil && s.Comment == nil {
					t.Errorf("%s: %s has no comment", fset.Position(s.Pos()), s.Name.Name)
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}

// checkGolden wants the table of each machine as a Markdown file below the package's testdata.
func checkGolden(t *testing.T, dir, path string) {
	machine, ok := strings.CutSuffix(filepath.Base(path), "_fsm.go")
	if !ok {
		return
	}
	found := false
	_ = filepath.WalkDir(filepath.Join(treeRoot, dir, "testdata"), func(p string, d fs.DirEntry, err error) error {
		found = found || err == nil && strings.HasSuffix(p, ".md") && strings.Contains(strings.ReplaceAll(filepath.Base(p), "-", "_"), machine)
		return nil
	})
	if !found {
		t.Errorf("%s: no golden table %s*.md below %s/testdata", path, machine, dir)
	}
}

var required = regexp.MustCompile(`^\t(\S+) v\S+(.*)$`)

// checkReasons wants a reason behind each direct dependency.
func checkReasons(t *testing.T) {
	f, err := os.Open(filepath.Join(treeRoot, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		m := required.FindStringSubmatch(lines.Text())
		if m != nil && !strings.Contains(m[2], "// ") {
			t.Errorf("go.mod: %s has no reason behind it", m[1])
		}
	}
}

// Sizes above which one should look again.
const (
	longFile     = 400
	longFunction = 60
)

func checkSizes(t *testing.T, fset *token.FileSet, path string, file *ast.File) {
	if n := fset.Position(file.End()).Line; n > longFile && !strings.HasSuffix(path, "_test.go") {
		t.Logf("%s has %d lines: does it still answer one question?", path, n)
	}
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || d.Body == nil {
			continue
		}
		if n := fset.Position(d.End()).Line - fset.Position(d.Pos()).Line; n > longFunction {
			t.Logf("%s: %s has %d lines", path, d.Name.Name, n)
		}
	}
}
