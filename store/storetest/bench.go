package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

// Bench measures events of about 500 bytes into 5,000 records from 1, 64 and 512 writers that each wait for their receipt:
// events/s, and the time to the receipt at the median and the 99th percentile.
func Bench(b *testing.B, sub Subject) {
	for _, writers := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { bench(b, sub, writers) })
	}
}

func bench(b *testing.B, sub Subject, writers int) {
	s := open(b, sub, folder(b, sub), engine.Options{})
	text := strings.Repeat("x", 350)
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range writers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				e := journey.Event{Record: fmt.Sprintf("r_%d", i%5000), At: start, Kind: journey.StepInput, Channel: journey.Voice,
					Interaction: "c_0123456789", Actor: "caller", Data: map[string]string{"text": text}}
				began := time.Now()
				if _, err := store.AppendWait(context.Background(), s, events(e)); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(took[b.N/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds()), "p99-µs")
}
