package flow

import (
	"os"
	"testing"
)

func demo(t *testing.T) *Dialplan {
	t.Helper()
	const path = "../../cmd/tandem/demo/flows/main.yaml"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, faults := Load([]File{{path, data}}, World{Prompts: shipped(), Queues: Known("support"), Endpoints: Known("echo", "operator")})
	if s := faults.String(); s != "" {
		t.Fatalf("the demo flow has faults:\n%s", s)
	}
	return d
}

func shipped() *Lookup {
	return &Lookup{Has: func(name string) bool {
		_, err := os.Stat("../../cmd/tandem/demo/prompts/" + name + ".wav")
		return err == nil
	}}
}

func TestDemoFlowHasNoFaults(t *testing.T) {
	d := demo(t)
	for _, number := range []string{"1000", "+4930100077"} {
		if m, ok := d.Route(number); !ok || m.Name != "main" {
			t.Errorf("%s leads to %v", number, m)
		}
	}
	if m, ok := d.Route("1001"); ok {
		t.Errorf("1001 leads to %s", m.Name)
	}
}

func BenchmarkLoad(b *testing.B) {
	data, err := os.ReadFile("../../cmd/tandem/demo/flows/main.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		Load([]File{{"main.yaml", data}}, World{})
	}
}
