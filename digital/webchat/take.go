package webchat

import (
	"context"
	"time"

	"tandem/digital"
	"tandem/store/journey"
)

// take performs one frame of the page.
func (s *socket) take(data []byte) {
	f, ok := parse(data)
	switch {
	case !ok:
		s.refuse("error", "", CodeBadFrame, 0)
	case f.T == "ping":
		s.reply(plain{T: "pong"})
	case f.T == "hello":
		s.greet(f)
	case s.conversation == "":
		s.refuse("error", f.ID, CodeHello, 0)
	case voice(f.T):
		s.voice(f.T, data)
	default:
		s.perform(f)
	}
}

func (s *socket) perform(f frame) {
	switch f.T {
	case "msg.send":
		s.send(f)
	case "typing":
		s.post(s.conversation, digital.CustomerTyping{On: f.On})
	case "read":
		s.post(s.conversation, digital.CustomerRead{Seq: f.Seq})
	case "got":
		s.post(s.conversation, digital.CustomerGot{Seq: f.Seq})
	case "call":
		s.post(s.conversation, digital.CustomerCalls{})
	case "bye":
		s.post(s.conversation, digital.CustomerLeft{})
	default:
		s.refuse("error", f.ID, CodeBadFrame, 0)
	}
}

func (s *socket) voice(kind string, data []byte) {
	if s.room.Caller == nil {
		s.refuse("error", "", CodeInvalid, 0)
		return
	}
	s.room.Caller.Frame(s.visit(), kind, data)
}

// refuse says no: kind is error or msg.refused.
func (s *socket) refuse(kind, id, code string, retry time.Duration) {
	s.room.metrics.refused.WithLabelValues(code).Inc()
	if retry > 0 {
		retry = max(retry, time.Millisecond)
	}
	s.reply(refusal{T: kind, ID: id, Code: code, Retry: retry.Milliseconds()})
}

// Pauses that a page is asked to make.
const (
	busyPause = time.Second
	fileWait  = 5 * time.Second
	openWait  = 10 * time.Second
)

// send takes a message. Its ack comes when it is durable; until then the page keeps it and repeats it with its id.
func (s *socket) send(f frame) {
	const refused = "msg.refused"
	if f.ID == "" || len(f.ID) > digital.MaxID {
		s.refuse(refused, "", CodeInvalid, 0)
		return
	}
	if after, ok := s.room.messages.take(s.conversation, time.Now()); !ok {
		s.refuse(refused, f.ID, CodeRate, after)
		return
	}
	in := digital.Inbound{
		Channel: journey.Chat, Conversation: s.conversation, External: f.ID, Text: f.Text, Choice: f.Choice,
	}
	if f.Attachment != "" {
		ctx, cancel := context.WithTimeout(context.Background(), fileWait)
		defer cancel()
		a, err := s.room.Files.Find(ctx, s.conversation, f.Attachment)
		if err != nil {
			s.refuse(refused, f.ID, CodeFile, 0)
			return
		}
		in.Attachment = &a
	}
	err := s.room.Hub.Receive(in, func(r digital.Receipt) { s.received(f.ID, r) })
	if err != nil {
		s.received(f.ID, digital.Receipt{Err: err})
	}
}

func (s *socket) received(id string, r digital.Receipt) {
	if r.Err == nil {
		s.reply(ack{"msg.ack", id, r.Seq, r.At})
		return
	}
	code, again := codeOf(r.Err)
	pause := time.Duration(0)
	if again {
		pause = busyPause
	}
	s.refuse("msg.refused", id, code, pause)
}
