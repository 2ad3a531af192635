package flow

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v4"

	"tandem/ivr/flow/source"
)

// order is the canonical order of keys; others keep their place behind them.
var (
	moduleKeys = []string{"$schema", "flow", "language", "start", "numbers", "time_limit", "visits", "results", "on_error", "on_hangup", "vars", "hours", "exits", "steps"}
	stepKeys   = append(slices.Clone(allKinds), "then", "exits")
)

// Format gives the canonical text of a flow file: keys in order, two spaces, comments kept. Formatting twice changes
// nothing. A file that is no flow is returned with its faults.
func Format(file string, data []byte) ([]byte, error) {
	faults := &source.Faults{}
	read(File{file, data}, faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		return nil, err
	}
	root := doc.Content[0]
	spell(root, 0)
	reorder(root, moduleKeys)
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "steps" {
			for j := 1; j < len(root.Content[i+1].Content); j += 2 {
				reorder(root.Content[i+1].Content[j], stepKeys)
			}
		}
	}
	var out bytes.Buffer
	dumper, err := yaml.NewDumper(&out, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, err
	}
	if err := dumper.Dump(&doc); err != nil {
		return nil, err
	}
	return out.Bytes(), dumper.Close()
}

// spell writes empty values as null, for the dumper would make them empty texts.
func spell(n *yaml.Node, depth int) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		n.Value = "null"
	}
	if depth < source.MaxDepth {
		for _, child := range n.Content {
			spell(child, depth+1)
		}
	}
}

// reorder sorts the pairs of a mapping by the list.
func reorder(n *yaml.Node, keys []string) {
	if n.Kind != yaml.MappingNode {
		return
	}
	rank := func(pair [2]*yaml.Node) int {
		if i := slices.Index(keys, pair[0].Value); i >= 0 {
			return i
		}
		return len(keys)
	}
	var pairs [][2]*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, [2]*yaml.Node{n.Content[i], n.Content[i+1]})
	}
	slices.SortStableFunc(pairs, func(a, b [2]*yaml.Node) int { return rank(a) - rank(b) })
	n.Content = n.Content[:0]
	for _, p := range pairs {
		n.Content = append(n.Content, p[0], p[1])
	}
}
