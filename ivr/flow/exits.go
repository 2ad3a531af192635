package flow

import (
	"maps"
	"slices"
)

// Names of exits that package ivr takes.
const (
	ExitNext        = "next"
	ExitDone        = "done"
	ExitDigit       = "digit"
	ExitOK          = "ok"
	ExitNoInput     = "no_input"
	ExitInvalid     = "invalid"
	ExitYes         = "yes"
	ExitNo          = "no"
	ExitOther       = "other"
	ExitOpen        = "open"
	ExitClosed      = "closed"
	ExitHoliday     = "holiday"
	ExitTimeout     = "timeout"
	ExitRefused     = "refused"
	ExitFull        = "full"
	ExitNoStaff     = "no_staff"
	ExitEnded       = "ended"
	ExitFailed      = "failed"
	ExitBusy        = "busy"
	ExitNoAnswer    = "no_answer"
	ExitRejected    = "rejected"
	ExitUnavailable = "unavailable"
	ExitCallback    = "callback"
	ExitSent        = "sent"
	ExitNoConsent   = "no_consent"
	ExitError       = "error"
)

// Exit is one way out of a step.
type Exit struct {
	Name     string
	Or       string // the wider exit taken where this one is not connected
	Optional bool   // unconnected it ends the call, or goes to on_error
}

// fixed is the exits of each kind, the ordinary one first. Menus, queues, switches and calls have more by parameter.
var fixed = map[Kind][]Exit{
	KindAnswer:   {{Name: ExitNext}},
	KindPlay:     {{Name: ExitDone}, {Name: ExitDigit, Or: ExitDone}},
	KindMenu:     {{Name: ExitNoInput}, {Name: ExitInvalid}},
	KindCollect:  {{Name: ExitOK}, {Name: ExitNoInput}, {Name: ExitInvalid}},
	KindSay:      {{Name: ExitDone}},
	KindSet:      {{Name: ExitNext}},
	KindIf:       {{Name: ExitYes}, {Name: ExitNo}},
	KindSwitch:   {},
	KindHours:    {{Name: ExitOpen}, {Name: ExitClosed}, {Name: ExitHoliday, Or: ExitClosed}},
	KindQueue:    {{Name: ExitEnded, Optional: true}, {Name: ExitTimeout}, {Name: ExitRefused}, {Name: ExitFull, Or: ExitRefused}, {Name: ExitClosed, Or: ExitRefused}, {Name: ExitNoStaff, Or: ExitRefused}},
	KindDial:     {{Name: ExitEnded, Optional: true}, {Name: ExitFailed}, {Name: ExitBusy, Or: ExitFailed}, {Name: ExitNoAnswer, Or: ExitFailed}, {Name: ExitRejected, Or: ExitFailed}, {Name: ExitUnavailable, Or: ExitFailed}},
	KindTransfer: {{Name: ExitFailed}},
	KindSendLink: {{Name: ExitSent}, {Name: ExitFailed}, {Name: ExitNoConsent, Or: ExitFailed}},
}

// ExitsOf lists the ways out of a step, error last. results are the results of the module that a call step runs.
func (m *Module) ExitsOf(s *Step, results []string) []Exit {
	list := slices.Clone(fixed[s.kind])
	switch s.kind {
	case KindMenu:
		list = append(named(slices.Sorted(maps.Keys(s.Menu.Options))), list...)
	case KindQueue:
		list = append(list, named(slices.Sorted(maps.Keys(s.Queue.Keys)))...)
		if s.Queue.Callback != "" {
			list = append(list, Exit{Name: ExitCallback})
		}
	case KindSwitch:
		list = m.switchExits(s)
	case KindCall:
		list = named(results)
	case KindGoto, KindHangup, KindEnd:
		return nil
	}
	return append(list, Exit{Name: ExitError, Optional: true})
}

func named(names []string) []Exit {
	var list []Exit
	for _, n := range names {
		list = append(list, Exit{Name: n})
	}
	return list
}

// switchExits are the values written at the step, and other unless they cover the type.
func (m *Module) switchExits(s *Step) []Exit {
	var list []Exit
	for _, name := range slices.Sorted(maps.Keys(s.Exits)) {
		if name != ExitOther && name != ExitError {
			list = append(list, Exit{Name: name})
		}
	}
	values := m.closed(s.Switch)
	for _, v := range values {
		if _, ok := s.Exits[v]; !ok {
			values = nil
			break
		}
	}
	if len(values) == 0 {
		list = append(list, Exit{Name: ExitOther})
	}
	return list
}

// closed lists all values that an expression can have, if it is a bool or an enum variable.
func (m *Module) closed(e *Expr) []string {
	if v := m.Vars[e.Text]; v != nil {
		switch v.Type {
		case TypeBool:
			return []string{"false", "true"}
		case TypeEnum:
			return v.Values
		}
	}
	return nil
}

// Target resolves an exit: the step's own exits, then, the wider exit, the module's exits. "" means unconnected.
func (m *Module) Target(s *Step, exit string) string {
	if s.kind == KindGoto {
		return s.Goto
	}
	if to := s.Exits[exit]; to != "" {
		return to
	}
	list := fixed[s.kind]
	if s.Then != "" && (len(list) > 0 && s.kind != KindMenu && list[0].Name == exit || s.kind == KindSwitch && exit == ExitOther) {
		return s.Then
	}
	for _, e := range list {
		if e.Name == exit && e.Or != "" {
			return m.Target(s, e.Or)
		}
	}
	return m.Exits[exit]
}
