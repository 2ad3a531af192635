package mediatest

import (
	"encoding/gob"
	"net"
	"sync"

	"tandem/media"
)

// maxMailbox is how many commands wait before the encoder; more are ErrBusy, as in the engine.
const maxMailbox = 256

func init() {
	for _, v := range []any{
		media.Open{}, media.Configure{}, media.Connect{}, media.Disconnect{}, media.Play{}, media.Stop{}, media.SendDigits{},
		media.DetectInband{}, media.Monitor{}, media.Record{}, media.PauseRecording{}, media.StopRecording{}, media.QueryStats{}, media.Close{},
		media.Describe{}, media.Accept{}, media.Described{}, media.Linked{},
		media.Opened{}, media.OpenFailed{}, media.Played{}, media.Digit{}, media.FirstPacket{}, media.Silent{},
		media.RecordingBegan{}, media.RecordingEnded{}, media.StreamStats{}, media.Closed{},
	} {
		gob.Register(v)
	}
}

// piped is the near end of a pipe: what a control process would hold.
type piped struct {
	far    media.Engine
	near   net.Conn
	other  net.Conn
	box    chan media.Command
	events chan media.Event
	quit   chan struct{}
	once   sync.Once
	all    sync.WaitGroup

	mu   sync.Mutex
	errs []error // of the codec, found by Close
}

// envelope lets gob carry an interface value.
type envelope[T any] struct{ Value T }

// Pipe gives an engine that is e behind encoding/gob and a byte pipe each way, so that nothing but values can cross.
// A command that e refuses is lost, as it would be over a process boundary: its error is returned by Close.
// Close closes e too.
func Pipe(e media.Engine) media.Engine {
	p := &piped{
		far: e, box: make(chan media.Command, maxMailbox), events: make(chan media.Event), quit: make(chan struct{}),
	}
	p.near, p.other = net.Pipe()
	p.all.Go(p.encodeCommands)
	p.all.Go(p.decodeCommands)
	p.all.Go(p.encodeEvents)
	p.all.Go(p.decodeEvents)
	return p
}

// Do implements media.Engine.
func (p *piped) Do(c media.Command) error {
	select {
	case <-p.quit:
		return media.ErrClosed
	default:
	}
	select {
	case p.box <- c:
		return nil
	default:
		return media.ErrBusy
	}
}

// Events implements media.Engine.
func (p *piped) Events() <-chan media.Event { return p.events }

// Close implements media.Engine.
func (p *piped) Close() error {
	var err error
	p.once.Do(func() {
		close(p.quit)
		err = p.far.Close()
		_ = p.near.Close()
		_ = p.other.Close()
	})
	p.all.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && len(p.errs) > 0 {
		err = p.errs[0]
	}
	return err
}

func (p *piped) note(err error) {
	select {
	case <-p.quit:
		return // the pipe was closed under it
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errs = append(p.errs, err)
}

func (p *piped) encodeCommands() {
	enc := gob.NewEncoder(p.near)
	for {
		select {
		case c := <-p.box:
			if err := enc.Encode(envelope[media.Command]{c}); err != nil {
				p.note(err)
				return
			}
		case <-p.quit:
			return
		}
	}
}

func (p *piped) decodeCommands() {
	dec := gob.NewDecoder(p.other)
	for {
		var v envelope[media.Command]
		if err := dec.Decode(&v); err != nil {
			p.note(err)
			return
		}
		if err := p.far.Do(v.Value); err != nil {
			p.note(err)
		}
	}
}

func (p *piped) encodeEvents() {
	enc := gob.NewEncoder(p.other)
	for ev := range p.far.Events() {
		if err := enc.Encode(envelope[media.Event]{ev}); err != nil {
			p.note(err)
			return
		}
	}
}

func (p *piped) decodeEvents() {
	defer close(p.events)
	dec := gob.NewDecoder(p.near)
	for {
		var v envelope[media.Event]
		if err := dec.Decode(&v); err != nil {
			p.note(err)
			return
		}
		select {
		case p.events <- v.Value:
		case <-p.quit:
			return
		}
	}
}
