package flow

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"tandem/ivr/flow/source"
)

// Expr is a typed expression over the module's variables, call and ctx. It is total: no loops, no clock, bounded memory.
type Expr struct {
	Text    string
	program *vm.Program
	result  reflect.Type
	uses    []string
}

// UnmarshalText keeps the text; Load compiles it.
func (e *Expr) UnmarshalText(text []byte) error {
	if len(text) > maxExpr {
		return fmt.Errorf("an expression may have at most %d bytes", maxExpr)
	}
	e.Text = string(text)
	return nil
}

const (
	maxExpr  = 512
	maxNodes = 200
)

// CallFacts is what expressions see as call.
type CallFacts struct {
	ID       string    `expr:"id"`
	From     string    `expr:"from"`
	To       string    `expr:"to"`
	Trunk    string    `expr:"trunk"`
	Language string    `expr:"language"`
	Time     time.Time `expr:"time"` // of the step that asks
}

// Eval computes the expression. env holds call, ctx and every assigned variable.
func (e *Expr) Eval(env map[string]any) (any, error) {
	if e == nil || e.program == nil {
		return nil, errNotChecked
	}
	return expr.Run(e.program, env)
}

var errNotChecked = errors.New("expression was not checked")

var functions = []string{"len", "lower", "upper", "trim", "trimPrefix", "trimSuffix", "abs", "min", "max", "int", "string", "duration", "indexOf"}

// env is the names that the module's expressions may use.
func (m *Module) env() map[string]any {
	env := map[string]any{"call": CallFacts{}, "ctx": map[string]string{}}
	for name, v := range m.Vars {
		if v != nil && v.Type != TypeSecret {
			env[name] = v.sample()
		}
	}
	return env
}

// compile type-checks one expression and reports what is wrong at the place inside the text.
func (m *Module) compile(e *Expr, at source.At) bool {
	if e == nil {
		return false
	}
	opts := []expr.Option{expr.Env(m.env()), expr.Optimize(false), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins()}
	for _, f := range functions {
		opts = append(opts, expr.EnableBuiltin(f))
	}
	program, err := expr.Compile(e.Text, opts...)
	if err != nil {
		m.report(err, at)
		return false
	}
	node := program.Node()
	e.program, e.result = program, node.Type()
	finder := &uses{module: m, at: at, expr: e}
	ast.Walk(&node, finder)
	return true
}

// report maps an error of the expression onto its place in the YAML file.
func (m *Module) report(err error, at source.At) {
	fault := source.Fault{Message: at.Path() + ": " + err.Error(), Pos: at.Pos(), Width: 1}
	var bad *file.Error
	if errors.As(err, &bad) {
		fault.Message = at.Path() + ": " + bad.Message
		if offset, plain := at.Plain(); plain && bad.Line <= 1 {
			fault.Pos.Col += offset + bad.Column
			fault.Width = max(bad.To-bad.From, 1)
		}
		if name, ok := strings.CutPrefix(bad.Message, "unknown name "); ok {
			fault.Hint, fault.Width = m.hint(name), len(name)
		}
	}
	at.Report(fault)
}

func (m *Module) hint(name string) string {
	if v := m.Vars[name]; v != nil && v.Type == TypeSecret {
		return name + " is secret: it may not be used in an expression"
	}
	known := append([]string{"call", "ctx"}, functions...)
	for n := range m.Vars {
		known = append(known, n)
	}
	return source.Suggest(name, known)
}

// uses collects the variables of an expression and looks for comparisons of an enum with what it cannot be.
type uses struct {
	module *Module
	at     source.At
	expr   *Expr
}

// Visit implements ast.Visitor.
func (u *uses) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if u.module.Vars[n.Value] != nil {
			u.expr.uses = append(u.expr.uses, n.Value)
		}
	case *ast.BinaryNode:
		u.compare(n.Left, n.Right)
		u.compare(n.Right, n.Left)
	}
}

func (u *uses) compare(left, right ast.Node) {
	name, isName := left.(*ast.IdentifierNode)
	text, isText := right.(*ast.StringNode)
	if !isName || !isText {
		return
	}
	if v := u.module.Vars[name.Value]; v != nil && v.Type == TypeEnum && v.Fits(text.Value) != nil {
		u.at.Report(source.Fault{Message: fmt.Sprintf("%s: %s can never be %q", u.at.Path(), name.Value, text.Value), Pos: u.at.Pos(), Width: 1, Hint: source.Suggest(text.Value, v.Values)})
	}
}

// want compiles an expression that must give a certain Go type.
func (m *Module) want(e *Expr, at source.At, sample any, what string) {
	if !m.compile(e, at) {
		return
	}
	if e.result != reflect.TypeOf(sample) {
		at.Errorf("%s: must be %s, is %s", at.Path(), what, typeName(e.result))
	}
}

func typeName(t reflect.Type) string {
	if t == nil {
		return "of no certain type"
	}
	switch t {
	case reflect.TypeFor[bool]():
		return "true or false"
	case reflect.TypeFor[string]():
		return "a text"
	case reflect.TypeFor[int]():
		return "a whole number"
	case reflect.TypeFor[time.Duration]():
		return "a duration"
	case reflect.TypeFor[time.Time]():
		return "a time"
	}
	return t.String()
}
