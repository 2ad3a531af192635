package flow

import (
	"fmt"
	"strings"
)

// edge is one connection of a graph; label names the exits that take it.
type edge struct{ from, to, label string }

// edges lists the connections of a module in file order; exits that share a target share an edge, and errors are left out
// unless the step connects them itself.
func (d *Dialplan) edges(m *Module) []edge {
	c := &checker{plan: d, m: m}
	var list []edge
	for _, s := range m.Ordered() {
		labels, order := map[string][]string{}, []string{}
		for _, e := range m.ExitsOf(s, c.results(s)) {
			to := m.Target(s, e.Name)
			if to == "" || e.Or != "" && s.Exits[e.Name] == "" || e.Name == ExitError && s.Exits[ExitError] == "" {
				continue
			}
			if labels[to] == nil {
				order = append(order, to)
			}
			labels[to] = append(labels[to], optionLabel(s, e.Name))
		}
		for _, to := range order {
			list = append(list, edge{s.Name, to, strings.Join(labels[to], ", ")})
		}
		if s.kind == KindGoto {
			list = append(list, edge{s.Name, s.Goto, ""})
		}
	}
	return list
}

// optionLabel shows what a key means.
func optionLabel(s *Step, exit string) string {
	if s.kind == KindMenu && s.Menu.Options[exit] != "" {
		return exit + " " + s.Menu.Options[exit]
	}
	if s.kind == KindQueue && s.Queue.Keys[exit] != "" {
		return exit + " " + s.Queue.Keys[exit]
	}
	return exit
}

// Mermaid draws a module as a Mermaid flowchart.
func (d *Dialplan) Mermaid(m *Module) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	ids := map[string]string{}
	for i, s := range m.Ordered() {
		ids[s.Name] = fmt.Sprintf("s%d", i)
		open, closing := "[", "]"
		switch {
		case s.kind == KindIf || s.kind == KindSwitch || s.kind == KindHours:
			open, closing = "{", "}"
		case s.kind == KindHangup || s.kind == KindEnd || s.kind == KindTransfer:
			open, closing = "([", "])"
		}
		fmt.Fprintf(&b, "  s%d%s\"%s<br/>%s\"%s\n", i, open, mermaid(s.Name), s.kind, closing)
	}
	for _, e := range d.edges(m) {
		if e.label == "" {
			fmt.Fprintf(&b, "  %s --> %s\n", ids[e.from], ids[e.to])
			continue
		}
		fmt.Fprintf(&b, "  %s -->|\"%s\"| %s\n", ids[e.from], mermaid(e.label), ids[e.to])
	}
	return b.String()
}

var mermaidEscape = strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", " ")

func mermaid(s string) string { return mermaidEscape.Replace(s) }

// DOT draws a module for Graphviz.
func (d *Dialplan) DOT(m *Module) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n  node [shape=box];\n", m.Name)
	for _, s := range m.Ordered() {
		fmt.Fprintf(&b, "  %q [label=%q];\n", s.Name, s.Name+"\n"+string(s.kind))
	}
	for _, e := range d.edges(m) {
		fmt.Fprintf(&b, "  %q -> %q [label=%q];\n", e.from, e.to, e.label)
	}
	b.WriteString("}\n")
	return b.String()
}
