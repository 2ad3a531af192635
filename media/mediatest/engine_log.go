package mediatest

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"tandem/media"
)

// Commands are all that were taken, in order.
func (e *Engine) Commands() []media.Command {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]media.Command(nil), e.log...)
}

// Take gives the commands since the last Take, and forgets them.
func (e *Engine) Take() []media.Command {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.log
	e.log = nil
	return list
}

// Dump prints the commands since the last Take, one a line, for golden files.
func (e *Engine) Dump() string {
	var out strings.Builder
	for _, c := range e.Commands() {
		out.WriteString(Format(c))
		out.WriteByte('\n')
	}
	return out.String()
}

// OpenStreams is the number of streams that were opened and not closed, to find leaks.
func (e *Engine) OpenStreams() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.open)
}

// Playing is what plays on a stream.
func (e *Engine) Playing(s media.StreamID) (media.Play, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, ok := e.plays[s]
	return p, ok
}

// Wait gives the first command not yet taken that match accepts, and takes all up to it. It waits until there is one;
// inside a synctest bubble a wait without end shows as a deadlock. One goroutine may wait at a time.
func (e *Engine) Wait(match func(media.Command) bool) media.Command {
	for {
		if c := e.takeTo(match); c != nil {
			return c
		}
		select {
		case <-e.wake:
		case <-e.quit:
			return nil
		}
	}
}

func (e *Engine) takeTo(match func(media.Command) bool) media.Command {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, c := range e.log {
		if match(c) {
			e.log = e.log[i+1:]
			return c
		}
	}
	return nil
}

// Format prints a Command or Event in one line: "play stream=1 play=2 items=[demo/welcome] barge". Fields without a value
// are left out.
func Format(v any) string {
	r := reflect.ValueOf(v)
	words := []string{strings.ToLower(r.Type().Name())}
	return strings.Join(appendFields(words, r), " ")
}

func appendFields(words []string, r reflect.Value) []string {
	for i := range r.NumField() {
		f, name := r.Field(i), strings.ToLower(r.Type().Field(i).Name)
		if f.IsZero() {
			continue
		}
		if f.Kind() == reflect.Bool {
			words = append(words, name)
			continue
		}
		words = append(words, name+"="+formatValue(f.Interface()))
	}
	return words
}

var directions = [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}

func formatValue(v any) string {
	switch v := v.(type) {
	case media.Codec:
		return [...]string{"none", "PCMU", "PCMA"}[v%3]
	case media.Direction:
		return directions[v%4]
	case media.PlayEnd:
		return [...]string{"none", "done", "barged", "stopped", "failed"}[v%5]
	case media.Format:
		return fmt.Sprintf("%s:%d/%d", formatValue(v.Codec), v.SendPT, v.RecvPT)
	case []media.Format:
		return formatList(v)
	case []media.Item:
		return formatList(v)
	case media.Item:
		return formatItem(v)
	case byte:
		return string(rune(v))
	case time.Duration, netip.AddrPort, netip.Addr:
		return fmt.Sprint(v)
	case media.StreamConfig:
		// Payload types are numbers, not digits: they are printed by hand.
		dtmf := fmt.Sprintf("dtmf=%d/%d", v.DTMFSend, v.DTMFRecv)
		v.DTMFSend, v.DTMFRecv = 0, 0
		words := appendFields(nil, reflect.ValueOf(v))
		return "{" + strings.Join(append(words, dtmf), " ") + "}"
	case media.Stats:
		return "{" + strings.Join(appendFields(nil, reflect.ValueOf(v)), " ") + "}"
	}
	return fmt.Sprint(v)
}

func formatList[T any](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = formatValue(v)
	}
	return "[" + strings.Join(words, " ") + "]"
}

func formatItem(i media.Item) string {
	switch {
	case i.Prompt != "":
		return i.Prompt
	case i.Silence != 0:
		return "silence:" + i.Silence.String()
	}
	return fmt.Sprintf("tone:%g+%gHz,%gdBm0,%s", i.Tone.Hz1, i.Tone.Hz2, i.Tone.Level, i.Tone.For)
}
