package main

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"
)

func (a *app) versionCommand() *cli.Command {
	return a.verb(verb{name: "version", usage: "print the version", run: func(c *cli.Context) error {
		v := struct {
			Version string `json:"version"`
			Go      string `json:"go"`
			System  string `json:"system"`
		}{version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
		return a.show(c, v, func() error {
			_, err := fmt.Fprintf(a.Out, "tandem %s (%s, %s)\n", v.Version, v.Go, v.System)
			return err
		})
	}})
}
