package flow

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"tandem/ivr/flow/source"
	"tandem/ivr/say"
)

var (
	optionKeys = regexp.MustCompile(`^[0-9*#]{1,4}$`)
	exitKey    = regexp.MustCompile(`^[0-9*#]$`)
)

// params checks the parameters of a step: names, expressions, prompts.
func (c *checker) params(s *Step) {
	at := c.m.kindAt(s)
	switch s.kind {
	case KindPlay:
		c.prompts(s.Play.Prompt, at.Key("prompt"))
	case KindMenu:
		c.menu(s.Menu, at)
	case KindCollect:
		c.collect(s.Collect, at)
	case KindSay:
		c.spoken(s.Say.Piece(), at)
	case KindSet:
		c.set(s, at)
	case KindIf:
		c.m.want(s.If, at, false, "true or false")
	case KindSwitch:
		c.choice(s, at)
	case KindHours:
		if c.m.Hours[s.Hours] == nil {
			at.Unknown("calendar", s.Hours, sorted(c.m.Hours))
		}
	case KindQueue:
		c.queue(s.Queue, at)
	case KindDial:
		c.place(s.Dial.Target, s.Dial.Number, at)
		positive(s.Dial.Timeout, at.Key("timeout"))
		positive(s.Dial.MaxTime, at.Key("max_time"))
	case KindTransfer:
		c.place(s.Transfer.Target, s.Transfer.Number, at)
	case KindSendLink:
		c.sendLink(s.SendLink, at)
	case KindCall:
		c.call(s.Call, at)
	case KindHangup:
		if s.Hangup.Cause < 1 || s.Hangup.Cause > 127 {
			at.Errorf("cause %d is not a Q.850 cause (1 to 127)", s.Hangup.Cause)
		}
	case KindEnd:
		if !contains(c.m.Results, s.End) {
			at.Unknown("result", s.End, c.m.Results)
		}
	}
}

func (c *checker) menu(menu *Menu, at source.At) {
	c.prompts(menu.Prompt, at.Key("prompt"))
	c.prompts(menu.Invalid, at.Key("invalid"))
	c.prompts(menu.NoInput, at.Key("no_input"))
	for keys := range menu.Options {
		if where := at.Key("options").Key(keys); !optionKeys.MatchString(keys) {
			where.Report(source.Fault{Pos: where.KeyPos(), Width: len(keys), Message: fmt.Sprintf("option %q cannot be pressed: use 1 to 4 of 0-9, * and #", keys)})
		}
	}
	positive(menu.Timeout, at.Key("timeout"))
	positive(menu.Between, at.Key("between"))
	tries(menu.Tries, at.Key("tries"))
}

func (c *checker) collect(col *Collect, at source.At) {
	c.prompts(col.Prompt, at.Key("prompt"))
	c.prompts(col.Invalid, at.Key("invalid"))
	c.prompts(col.NoInput, at.Key("no_input"))
	v := c.m.Vars[col.Into]
	switch {
	case v == nil && at.Key("into").Given():
		at.Key("into").Unknown("variable", col.Into, sorted(c.m.Vars))
	case v != nil && !contains([]string{"digits", "tel", "int", "secret"}, string(v.Type)):
		at.Key("into").Conflict(c.m.at.Key("vars").Key(col.Into), "declared here", "%s is of type %s: keys can be collected into digits, tel, int or secret", col.Into, v.Type)
	}
	if col.Min < 1 || col.Max < col.Min || col.Max > 64 {
		at.Errorf("min and max must be 1 <= min <= max <= 64")
	}
	if col.End != "" && !exitKey.MatchString(col.End) {
		at.Key("terminator").Errorf("terminator must be one key of 0-9, * and #")
	}
	positive(col.Timeout, at.Key("timeout"))
	positive(col.Between, at.Key("between"))
	tries(col.Tries, at.Key("tries"))
	if col.Valid != nil {
		c.m.want(col.Valid, at.Key("valid"), false, "true or false")
	}
}

func (c *checker) set(s *Step, at source.At) {
	for name, e := range s.Set {
		where := at.Key(name)
		if e == nil {
			where.Errorf("%s: a value is missing", name)
			continue
		}
		if attribute(name) != "" {
			c.m.want(e, where, "", "a text")
			continue
		}
		v := c.m.Vars[name]
		switch {
		case v == nil:
			where.Report(source.Fault{Pos: where.KeyPos(), Width: len(name), Message: fmt.Sprintf("unknown variable %q", name), Hint: source.Suggest(name, sorted(c.m.Vars))})
			c.m.compile(e, where)
		case v.Type == TypeSecret:
			where.Errorf("%s is secret: only collect may assign it", name)
		default:
			c.m.want(e, where, v.sample(), typeName(reflect.TypeOf(v.sample())))
		}
	}
}

func (c *checker) choice(s *Step, at source.At) {
	if !c.m.compile(s.Switch, at) {
		return
	}
	for value := range s.Exits {
		v := c.m.Vars[s.Switch.Text]
		if v == nil || value == ExitOther || value == ExitError {
			continue
		}
		if _, err := v.Parse(value); err != nil {
			where := c.m.stepAt(s).Key("exits").Key(value)
			where.Report(source.Fault{Pos: where.KeyPos(), Width: len(value), Message: fmt.Sprintf("%s can never be %q", s.Switch.Text, value), Hint: source.Suggest(value, v.Values)})
		}
	}
}

func (c *checker) queue(q *Queue, at source.At) {
	c.known("queue", q.Name, c.world.Queues, at.Key("name"))
	c.clip(q.Music, at.Key("music"))
	if q.Announce.Hold != "" {
		c.clip(q.Announce.Hold, at.Key("announce").Key("hold"))
	}
	c.clips(say.Position, q.Announce.Position, at)
	c.clips(say.Wait, q.Announce.Wait, at)
	positive(q.MaxWait, at.Key("max_wait"))
	if limit := c.m.TimeLimit; limit > 0 && q.MaxWait >= limit {
		at.Key("max_wait").Warnf("%s: nobody waits %v: the flow's time_limit of %v comes first", at.Key("max_wait").Path(), q.MaxWait, limit)
	}
	positive(q.Announce.Every, at.Key("announce").Key("every"))
	for name, e := range q.Attributes {
		c.m.want(e, at.Key("attributes").Key(name), "", "a text")
	}
	if key := q.Callback; key != "" {
		where := at.Key("callback")
		if !exitKey.MatchString(key) {
			where.Errorf("key %q cannot be pressed: use one of 0-9, * and #", key)
		} else if _, taken := q.Keys[key]; taken {
			where.Errorf("key %s leaves the queue already: see keys", key)
		}
		c.clip(q.Refused, at.Key("callback_refused"))
	}
	for key := range q.Keys {
		if where := at.Key("keys").Key(key); !exitKey.MatchString(key) {
			where.Errorf("key %q cannot be pressed: use one of 0-9, * and #", key)
		}
	}
}

func (c *checker) place(target string, number *Expr, at source.At) {
	switch {
	case (target == "") == (number == nil):
		at.Errorf("give either target or number")
	case number != nil:
		c.m.want(number, at.Key("number"), "", "a text")
	default:
		c.known("endpoint", target, c.world.Endpoints, at.Key("target"))
	}
}

// LinkMark is where a text has the address. MaxLinkText is how long the rest may be, in bytes: two parts of a text message.
const (
	LinkMark    = "{link}"
	MaxLinkText = 300
)

func (c *checker) sendLink(l *SendLink, at source.At) {
	switch {
	case strings.Count(l.Text, LinkMark) != 1:
		at.Key("text").Errorf("the text must hold %s once: the address stands there", LinkMark)
	case len(l.Text) > MaxLinkText:
		at.Key("text").Errorf("the text has %d bytes, at most %d", len(l.Text), MaxLinkText)
	}
	if l.Number != nil {
		c.m.want(l.Number, at.Key("number"), "", "a text")
	}
}

func (c *checker) call(call *Call, at source.At) {
	sub := c.plan.Modules[call.Flow]
	if sub == nil {
		at.Key("flow").Unknown("flow", call.Flow, sorted(c.plan.Modules))
		return
	}
	if len(sub.Results) == 0 {
		at.Key("flow").Conflict(sub.at.Key("flow"), "declared here", "flow %q has no results, so it never comes back", call.Flow)
	}
	for name, e := range call.With {
		if v := sub.Vars[name]; v == nil || v.Type == TypeSecret {
			at.Key("with").Key(name).Unknown("variable of "+call.Flow, name, sorted(sub.Vars))
		} else {
			c.m.want(e, at.Key("with").Key(name), v.sample(), typeName(reflect.TypeOf(v.sample())))
		}
	}
	for own, theirs := range call.Into {
		a, b := c.m.Vars[own], sub.Vars[theirs]
		if a == nil || b == nil || a.Type != b.Type {
			at.Key("into").Key(own).Errorf("%s and %s.%s must be variables of one type", own, call.Flow, theirs)
		}
	}
}

// prompts checks clips and spoken values.
func (c *checker) prompts(pieces []Piece, at source.At) {
	for i, p := range pieces {
		where := at.Index(i)
		switch {
		case (p.File == "") == (p.As == ""):
			where.Errorf("a prompt is either a clip or {say: …, value: …}")
		case p.File != "":
			c.clip(p.File, where)
		default:
			c.spoken(p, where)
		}
	}
}

var samples = map[say.Kind]any{say.Number: 0, say.Position: 0, say.Digits: "", say.Duration: time.Duration(0), say.Wait: time.Duration(0), say.Time: time.Time{}}

func (c *checker) spoken(p Piece, at source.At) {
	if sample, ok := samples[p.As]; ok && p.Value != nil {
		c.m.want(p.Value, at.Key("value"), sample, typeName(reflect.TypeOf(sample)))
	} else if ok {
		at.Errorf("say %s needs a value", p.As)
	}
	c.clips(p.As, true, at)
}

func (c *checker) clips(kind say.Kind, used bool, at source.At) {
	if !used || c.world.Prompts == nil {
		return
	}
	for _, name := range say.Needs(kind) {
		if !c.world.Prompts.Has(name) {
			at.Errorf("speaking a %s needs prompt %q, which does not exist", kind, name)
			return
		}
	}
}

func (c *checker) clip(name string, at source.At) {
	c.known("prompt", Localise(name, c.m.Language), c.world.Prompts, at)
}

func (c *checker) known(what, name string, lookup *Lookup, at source.At) {
	if lookup != nil && name != "" && !lookup.Has(name) {
		at.Unknown(what, name, lookup.Names)
	}
}

func positive(d time.Duration, at source.At) {
	if d <= 0 || d > 24*time.Hour {
		at.Errorf("%s must be above zero and at most a day", at.Path())
	}
}

func tries(n int, at source.At) {
	if n < 1 || n > 10 {
		at.Errorf("%s must be 1 to 10", at.Path())
	}
}
