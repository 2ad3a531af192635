package flow

import (
	"time"

	"tandem/ivr/flow/source"
	"tandem/ivr/say"
)

// Kind names what a step does, as its key in the file.
type Kind string

// The kinds of step.
const (
	KindAnswer   Kind = "answer"
	KindPlay     Kind = "play"
	KindMenu     Kind = "menu"
	KindCollect  Kind = "collect"
	KindSay      Kind = "say"
	KindSet      Kind = "set"
	KindIf       Kind = "if"
	KindSwitch   Kind = "switch"
	KindHours    Kind = "hours"
	KindQueue    Kind = "queue"
	KindDial     Kind = "dial"
	KindTransfer Kind = "transfer"
	KindSendLink Kind = "send_link"
	KindCall     Kind = "call"
	KindGoto     Kind = "goto"
	KindHangup   Kind = "hangup"
	KindEnd      Kind = "end"
)

// Piece is one element of a prompt: a recorded clip, or a spoken value.
type Piece struct {
	File  string   `yaml:"file,short"` // name of the clip; {lang} stands for the call's language
	As    say.Kind `yaml:"say"`
	Value *Expr    `yaml:"value"`
	Zone  string   `yaml:"zone" default:"UTC"` // for a time

	zone *time.Location
}

// Answer accepts the call. Exit: next.
type Answer struct {
	Delay time.Duration `yaml:"delay,short"`
}

// Play plays prompts to the end, or until a key if barge. Exits: done, digit (else done).
type Play struct {
	Prompt []Piece `yaml:"prompt,short,required"`
	Barge  bool    `yaml:"barge" default:"false"`
}

// Menu asks for one of its options. Exits: one for each option, no_input, invalid.
type Menu struct {
	Prompt  []Piece           `yaml:"prompt,required"`
	Options map[string]string `yaml:"options,required"` // keys to press → label, for chat buttons and graphs
	Timeout time.Duration     `yaml:"timeout" default:"5s"`
	Between time.Duration     `yaml:"between" default:"2s"` // to the next key, where a longer option is possible
	Tries   int               `yaml:"tries" default:"3"`
	Invalid []Piece           `yaml:"invalid"`
	NoInput []Piece           `yaml:"no_input"`
	Barge   bool              `yaml:"barge" default:"true"`
}

// Collect asks for digits into a variable of type digits, tel, int or secret. Exits: ok, no_input, invalid.
type Collect struct {
	Prompt  []Piece       `yaml:"prompt,required"`
	Into    string        `yaml:"into,required"`
	Min     int           `yaml:"min" default:"1"`
	Max     int           `yaml:"max" default:"20"`
	End     string        `yaml:"terminator" default:"#"`
	Timeout time.Duration `yaml:"timeout" default:"5s"`
	Between time.Duration `yaml:"between" default:"3s"`
	Tries   int           `yaml:"tries" default:"3"`
	Invalid []Piece       `yaml:"invalid"`
	NoInput []Piece       `yaml:"no_input"`
	Valid   *Expr         `yaml:"valid"` // must be true of the collected value
	Barge   bool          `yaml:"barge" default:"true"`
}

// Say speaks a value. Exit: done.
type Say struct {
	As    say.Kind `yaml:"as,required"`
	Value *Expr    `yaml:"value,required"`
	Zone  string   `yaml:"zone" default:"UTC"`

	zone *time.Location
}

// Piece is the same as an element of a prompt.
func (s *Say) Piece() Piece { return Piece{As: s.As, Value: s.Value, Zone: s.Zone, zone: s.zone} }

// Location is the zone in which a time is spoken.
func (p Piece) Location() *time.Location {
	if p.zone == nil {
		return time.UTC
	}
	return p.zone
}

// Validate finds the time zone.
func (p *Piece) Validate(at source.At) { p.zone = location(p.Zone, at) }

// Validate finds the time zone.
func (s *Say) Validate(at source.At) { s.zone = location(s.Zone, at) }

func location(name string, at source.At) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		at.Key("zone").Errorf("unknown time zone %q", name)
		return nil
	}
	return zone
}

// Queue waits for an agent and then lasts as long as the talk. Exits: one for each key, timeout, refused (also for full,
// closed, no_staff), callback where one can be asked for, ended (else the call ends).
type Queue struct {
	Name       string            `yaml:"name,short,required"`
	Skills     []string          `yaml:"skills"`
	Priority   int               `yaml:"priority"`
	Attributes map[string]*Expr  `yaml:"attributes"`
	Keys       map[string]string `yaml:"keys"`                                        // key → label; leaves the queue by the exit of that name
	Callback   string            `yaml:"callback"`                                    // key that asks for a callback in the caller's place; booked, the step is left by callback
	Refused    string            `yaml:"callback_refused" default:"callback/refused"` // clip for who cannot be called back: he waits on
	MaxWait    time.Duration     `yaml:"max_wait" default:"10m"`
	Music      string            `yaml:"music" default:"music/hold"`
	Announce   Announce          `yaml:"announce"`
}

// Announce says what a waiting caller is told. Numbers are told only if known, and never a worse one than before.
type Announce struct {
	Position bool          `yaml:"position" default:"true"`
	Wait     bool          `yaml:"wait" default:"true"` // the P80 estimate
	Every    time.Duration `yaml:"every" default:"30s"` // at most this often
	Hold     string        `yaml:"hold"`                // clip for when there is nothing else to say
}

// Dial calls an endpoint by name or a number from an expression and lasts as long as the talk. Exits: failed (also for
// busy, no_answer, rejected, unavailable), ended (else the call ends).
type Dial struct {
	Target  string        `yaml:"target,short"`
	Number  *Expr         `yaml:"number"`
	Timeout time.Duration `yaml:"timeout" default:"25s"`
	MaxTime time.Duration `yaml:"max_time" default:"4h"`
}

// Transfer hands the call over and ends the flow. Exit: failed.
type Transfer struct {
	Target string `yaml:"target,short"`
	Number *Expr  `yaml:"number"`
}

// SendLink sends a text message with an address that opens the chat in this record, once and for a week. Exits: sent, failed (also for
// no_consent: the customer wants no messages).
type SendLink struct {
	Text   string `yaml:"text,short,required"` // what is sent; {link} stands for the address
	Number *Expr  `yaml:"number"`              // where to; the caller's number if none is given
}

// Call runs another module. Exits: that module's results.
type Call struct {
	Flow string            `yaml:"flow,short,required"`
	With map[string]*Expr  `yaml:"with"` // its variable → value
	Into map[string]string `yaml:"into"` // own variable → its variable
}

// Hangup ends the call with a Q.850 cause.
type Hangup struct {
	Cause int `yaml:"cause,short" default:"16"`
}

// kinds lists what is set in the step.
func (s *Step) kinds() []Kind {
	var list []Kind
	add := func(set bool, k Kind) {
		if set {
			list = append(list, k)
		}
	}
	add(s.Answer != nil, KindAnswer)
	add(s.Play != nil, KindPlay)
	add(s.Menu != nil, KindMenu)
	add(s.Collect != nil, KindCollect)
	add(s.Say != nil, KindSay)
	add(s.Set != nil, KindSet)
	add(s.If != nil, KindIf)
	add(s.Switch != nil, KindSwitch)
	add(s.Hours != "", KindHours)
	add(s.Queue != nil, KindQueue)
	add(s.Dial != nil, KindDial)
	add(s.Transfer != nil, KindTransfer)
	add(s.SendLink != nil, KindSendLink)
	add(s.Call != nil, KindCall)
	add(s.Goto != "", KindGoto)
	add(s.Hangup != nil, KindHangup)
	add(s.End != "", KindEnd)
	return list
}

var allKinds = []string{"answer", "play", "menu", "collect", "say", "set", "if", "switch", "hours", "queue", "dial", "transfer", "send_link", "call", "goto", "hangup", "end"}
