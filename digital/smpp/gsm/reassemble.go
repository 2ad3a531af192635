package gsm

import (
	"sort"
	"strings"
	"time"
)

// Piece is a received part with its place. Total 0 or 1: a whole text.
type Piece struct {
	From, To string
	Ref      uint16
	Wide     bool // the reference has 16 bits
	Total    int
	Index    int // 1 to Total
	Text     string
}

// Whole is a text that is complete, or given up.
type Whole struct {
	From, To string
	Ref      uint16
	Wide     bool
	Total    int // 0 or 1: it came whole
	Text     string
	Missing  int // parts that never came; 0 when complete
}

// Limits bound a Reassembler.
type Limits struct {
	Texts  int           // open texts at most; default 1000. The oldest is given up when one more begins
	Octets int           // of all open texts; default 4 MiB
	Wait   time.Duration // from the first piece until a text is given up; default 15 min
}

type openKey struct {
	from, to string
	ref      uint16
	wide     bool
	total    int
}

type open struct {
	key    openKey
	since  time.Time
	pieces map[int]string
	octets int
}

// Reassembler puts pieces together. Owned by one goroutine; it has no clock.
type Reassembler struct {
	limits Limits
	open   map[openKey]*open
	order  []*open // by since
	octets int
}

// NewReassembler returns an empty Reassembler; zero limits mean the defaults.
func NewReassembler(l Limits) *Reassembler {
	if l.Texts <= 0 {
		l.Texts = 1000
	}
	if l.Octets <= 0 {
		l.Octets = 4 << 20
	}
	if l.Wait <= 0 {
		l.Wait = 15 * time.Minute
	}
	return &Reassembler{limits: l, open: map[openKey]*open{}}
}

// Add takes a piece and returns the texts that are complete by it, and those that had to be given up to make room. A piece that was
// there already is dropped.
func (r *Reassembler) Add(p Piece, now time.Time) []Whole {
	if p.Total <= 1 {
		return []Whole{{From: p.From, To: p.To, Text: p.Text}}
	}
	if p.Index < 1 || p.Index > p.Total || p.Total > MaxParts {
		return []Whole{{From: p.From, To: p.To, Text: p.Text, Missing: 1}}
	}
	key := openKey{p.From, p.To, p.Ref, p.Wide, p.Total}
	o := r.open[key]
	if o == nil {
		o = &open{key: key, since: now, pieces: map[int]string{}}
		r.open[key] = o
		r.order = append(r.order, o)
	}
	if _, ok := o.pieces[p.Index]; ok {
		return nil
	}
	o.pieces[p.Index] = p.Text
	o.octets += len(p.Text)
	r.octets += len(p.Text)
	if len(o.pieces) == p.Total {
		return []Whole{r.close(o)}
	}
	var out []Whole
	for len(r.order) > r.limits.Texts || r.octets > r.limits.Octets {
		out = append(out, r.close(r.order[0]))
	}
	return out
}

// Expire gives up the texts that waited too long and returns what came of them.
func (r *Reassembler) Expire(now time.Time) []Whole {
	var out []Whole
	for len(r.order) > 0 && now.Sub(r.order[0].since) >= r.limits.Wait {
		out = append(out, r.close(r.order[0]))
	}
	return out
}

// Deadline tells when Expire has something to do; zero: never.
func (r *Reassembler) Deadline() time.Time {
	if len(r.order) == 0 {
		return time.Time{}
	}
	return r.order[0].since.Add(r.limits.Wait)
}

// Open returns how many texts wait for pieces.
func (r *Reassembler) Open() int { return len(r.order) }

// close takes a text out and joins what is there, in the order of the parts.
func (r *Reassembler) close(o *open) Whole {
	delete(r.open, o.key)
	for i, other := range r.order {
		if other == o {
			r.order = append(r.order[:i], r.order[i+1:]...)
			break
		}
	}
	r.octets -= o.octets
	index := make([]int, 0, len(o.pieces))
	for i := range o.pieces {
		index = append(index, i)
	}
	sort.Ints(index)
	var text strings.Builder
	for _, i := range index {
		text.WriteString(o.pieces[i])
	}
	return Whole{
		From: o.key.from, To: o.key.to, Ref: o.key.ref, Wide: o.key.wide, Total: o.key.total,
		Text: text.String(), Missing: o.key.total - len(o.pieces),
	}
}
