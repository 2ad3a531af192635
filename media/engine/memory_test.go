package engine

import (
	"net/netip"
	"runtime"
	"testing"
	"unsafe"

	"tandem/media"
)

// streamBudget is the heap that one configured and bridged stream may cost; a call has two. The whole gateway's goal is
// 20 KB of heap a call.
const streamBudget = 4 << 10

func TestStreamMemory(t *testing.T) {
	const n = 200
	cfg := testConfig()
	cfg.PortMin, cfg.PortMax = 29000, 29000+2*n-1
	r := newRig(t, cfg)
	r.do(media.Open{Stream: n + 1, Local: netip.MustParseAddr("127.0.0.3")}) // what the first one brings along
	await[media.Opened](r)
	before := heap()
	for id := media.StreamID(1); id <= n; id++ {
		r.do(media.Open{Stream: id})
		remote := await[media.Opened](r).Local
		f := format(media.PCMU)
		r.do(media.Configure{Stream: id, Config: media.StreamConfig{Remote: remote, Format: f, Accept: []media.Format{f, format(media.PCMA)}, DTMFSend: 101, DTMFRecv: 101}})
		if id%2 == 0 {
			r.do(media.Connect{A: id - 1, B: id})
		}
	}
	r.settle(n)
	each := (heap() - before) / n
	t.Logf("%d bytes of heap a stream, %d of them the stream itself", each, unsafe.Sizeof(stream{}))
	if each > streamBudget {
		t.Errorf("%d bytes of heap a stream, want at most %d", each, streamBudget)
	}
}

// heap is what is alive, in bytes.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
