package flow

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad feeds flow files: nothing panics, and what is formatted formats to itself.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/faulty/*.yaml", "../../testdata/flows/*.yaml", "../../cmd/tandem/demo/flows/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, faults := Load([]File{{"fuzz.yaml", data}}, World{Prompts: Known("demo/menu"), Queues: Known("support")})
		_ = faults.String()
		for _, m := range d.Modules {
			_ = d.Mermaid(m) + d.DOT(m)
		}
		once, err := Format("fuzz.yaml", data)
		if err != nil {
			return
		}
		if twice, err := Format("fuzz.yaml", once); err != nil || string(twice) != string(once) {
			t.Errorf("formatting is not stable: %v\n%q\n%q", err, once, twice)
		}
	})
}
