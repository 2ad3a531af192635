package record

import (
	"context"
	"time"
)

// disk is the writer of all recordings of one disk. Owned by its own goroutine, except begin.
type disk struct {
	root    string
	of      *Recorder
	begin   chan *Recording
	running []*Recording
	block   []byte   // of one write
	waiting []Report // not yet taken by the reader; at most two for each open recording
}

func (d *disk) serve(ctx context.Context) {
	pass := time.NewTicker(passEvery)
	defer pass.Stop()
	pass.Stop()
	for ticking := false; ; {
		if want := len(d.running) > 0 || len(d.waiting) > 0; want != ticking {
			if ticking = want; want {
				pass.Reset(passEvery)
			} else {
				pass.Stop()
			}
		}
		select {
		case rec := <-d.begin:
			d.start(rec)
		case <-pass.C:
			d.pass(d.of.cfg.Now())
		case <-ctx.Done():
			d.finish()
			return
		}
		d.deliver()
	}
}

// start opens the file.
func (d *disk) start(rec *Recording) {
	out, err := d.of.create(rec.spec.Path)
	if err == nil {
		rec.out, rec.block = out, &d.block
		if _, err = out.Write(header(rec.coding, 0)); err != nil {
			out.Close()
		}
	}
	if err != nil {
		rec.endAtMoment(1)
		d.waiting = append(d.waiting, Report{ID: rec.spec.ID, Err: err})
		return
	}
	d.running = append(d.running, rec)
	d.waiting = append(d.waiting, Report{ID: rec.spec.ID, Began: true})
}

// pass works on every recording once.
func (d *disk) pass(now time.Time) {
	left := d.running[:0]
	for _, rec := range d.running {
		done, err := rec.work(now)
		if err == nil && !done && rec.base-rec.headAt >= int64(d.of.cfg.RepairHead/time.Millisecond)*Rate/1000 {
			err = rec.putHeaderRight()
		}
		if done || err != nil {
			d.end(rec, err)
			continue
		}
		left = append(left, rec)
	}
	clear(d.running[len(left):])
	d.running = left
}

// end closes the file. A recording that met an error keeps what could be written, with a header that says so.
func (d *disk) end(rec *Recording, err error) {
	rec.endAtMoment(rec.base)
	if headErr := rec.putHeaderRight(); err == nil {
		err = headErr
	}
	if closeErr := rec.out.Close(); err == nil {
		err = closeErr
	}
	d.waiting = append(d.waiting, Report{ID: rec.spec.ID, Length: rec.length(), Dropped: rec.dropped.Load(), Err: err})
}

// deliver hands on reports as far as the reader takes them, without waiting.
func (d *disk) deliver() {
	for len(d.waiting) > 0 {
		select {
		case d.of.reports <- d.waiting[0]:
			d.taken()
		default:
			return
		}
	}
}

// taken forgets the first waiting report; with the last one of a recording its place is free again.
func (d *disk) taken() {
	if !d.waiting[0].Began {
		d.of.open.Add(-1)
	}
	d.waiting = d.waiting[1:]
}

// finish ends all recordings and hands on all reports.
func (d *disk) finish() {
	for len(d.begin) > 0 {
		d.start(<-d.begin)
	}
	for _, rec := range d.running {
		rec.End()
	}
	d.pass(d.of.cfg.Now())
	for len(d.waiting) > 0 {
		d.of.reports <- d.waiting[0]
		d.taken()
	}
}
