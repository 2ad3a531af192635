package demo

import (
	"embed"
	"io/fs"
)

//go:embed tandem.yaml flows prompts
var files embed.FS

// Config gives the demo configuration.
func Config() []byte {
	data, err := files.ReadFile("tandem.yaml")
	if err != nil {
		panic("demo: " + err.Error()) // the file is embedded: the build would have failed
	}
	return data
}

// Flows gives the folder of demo flows.
func Flows() fs.FS { return sub("flows") }

// Prompts gives the folder of shipped prompts.
func Prompts() fs.FS { return sub("prompts") }

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic("demo: " + err.Error()) // only a malformed name fails
	}
	return f
}
