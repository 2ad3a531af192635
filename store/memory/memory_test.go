package memory_test

import (
	"errors"
	"sync"
	"testing"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/memory"
	"tandem/store/storetest"
)

func TestStore(t *testing.T) {
	var mu sync.Mutex
	disks := map[string]*memory.Disk{}
	disk := func(dir string) *memory.Disk {
		mu.Lock()
		defer mu.Unlock()
		if disks[dir] == nil {
			disks[dir] = memory.NewDisk()
		}
		return disks[dir]
	}
	storetest.Run(t, storetest.Subject{
		Open: func(dir string, o engine.Options) (store.Store, error) { return memory.Open(disk(dir), o) },
		Break: func(dir string) func() {
			disk(dir).Break(errors.New("no space left"))
			return func() { disk(dir).Break(nil) }
		},
	})
}
