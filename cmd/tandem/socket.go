package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// plainSocket is where the control socket is while no configuration is named: one place for each user, whatever the
// present folder, so that `tandem demo` here is found by `tandem call list` there.
func (a *app) plainSocket() string {
	if dir, ok := a.env("XDG_RUNTIME_DIR"); ok && filepath.IsAbs(dir) {
		return filepath.Join(dir, "tandem", "control.sock")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("tandem-%d", os.Getuid()), "control.sock")
}
