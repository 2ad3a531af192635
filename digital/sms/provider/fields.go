package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tandem/digital/sms"
)

// errBody means that a body is neither a form nor JSON, or too deep.
var errBody = errors.New("body cannot be read")

// maxDepth bounds the nesting of a path.
const maxDepth = 16

// fields gives the values of a body by path; "" where there is none.
type fields func(path string) string

func parseBody(h http.Header, body []byte) (fields, error) {
	if isForm(h) {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errBody
		}
		return form.Get, nil
	}
	tree, err := parseJSON(body)
	if err != nil {
		return nil, err
	}
	return func(path string) string { return at(tree, path) }, nil
}

func parseJSON(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil || dec.More() {
		return nil, errBody
	}
	return tree, nil
}

// at follows a path such as "messages.0.id".
func at(tree any, path string) string {
	if path == "" {
		return ""
	}
	for _, name := range strings.Split(path, ".") {
		switch v := tree.(type) {
		case map[string]any:
			tree = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return ""
			}
			tree = v[i]
		default:
			return ""
		}
	}
	switch v := tree.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// fill puts a text's values into a template. What a customer wrote is not looked at again.
func fill(template string, t sms.Text) string {
	return strings.NewReplacer("{to}", t.To, "{from}", t.From, "{text}", t.Text, "{key}", t.Key).Replace(template)
}

// bodyOf prints the request's body.
func (s *Send) bodyOf(t sms.Text) ([]byte, string, error) {
	if len(s.Form) > 0 {
		form := url.Values{}
		for name, template := range s.Form {
			form.Set(name, fill(template, t))
		}
		return []byte(form.Encode()), "application/x-www-form-urlencoded", nil
	}
	paths := make([]string, 0, len(s.JSON))
	for path := range s.JSON {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	root := map[string]any{}
	for _, path := range paths {
		if err := put(root, strings.Split(path, "."), fill(s.JSON[path], t)); err != nil {
			return nil, "", fmt.Errorf("%s: %w", path, err)
		}
	}
	b, err := json.Marshal(root)
	return b, "application/json", err
}

// put sets a value below an object; all but the last names are objects. A last name "name[]" makes a list of one.
func put(in map[string]any, path []string, value string) error {
	if len(path) > maxDepth {
		return errBody
	}
	name := path[0]
	if len(path) == 1 {
		if list, ok := strings.CutSuffix(name, "[]"); ok {
			in[list] = []any{value}
		} else {
			in[name] = value
		}
		return nil
	}
	next, ok := in[name].(map[string]any)
	if !ok {
		if in[name] != nil {
			return errBody
		}
		next = map[string]any{}
		in[name] = next
	}
	return put(next, path[1:], value)
}
