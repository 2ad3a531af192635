package b2bua

import (
	"testing"
	"time"

	"tandem/media"
)

var welcome = []media.Item{{Prompt: "demo/welcome"}}

// ivr answers, plays, and hangs up at 9 or after the second prompt.
func ivr(ev ScriptEvent) []Action {
	switch ev := ev.(type) {
	case Started:
		return []Action{Answer{}}
	case Answered:
		return []Action{Play{ID: 1, Items: welcome, Barge: true}}
	case DigitPressed:
		if ev.Digit == '9' {
			return []Action{HangUp{Kind: Normal}}
		}
		return []Action{Play{ID: 2, Items: welcome}}
	}
	return nil
}

func TestScript(t *testing.T) {
	scenario(t, "script_caller_hangs_up", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		r.wait(time.Second)
		r.engine.Press(1, '5')
		r.wait(time.Second)
		a.bye()
	})
	scenario(t, "script_hangs_up", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		r.wait(time.Second)
		r.engine.Press(1, '9')
		r.header(a.hungUp(), "Reason", "cause=16")
	})
}

func TestEarly(t *testing.T) {
	early := func(ev ScriptEvent) []Action {
		switch ev.(type) {
		case Started:
			return []Action{Play{ID: 1, Items: welcome}}
		case PlayEnded:
			return []Action{HangUp{Kind: Busy}}
		}
		return nil
	}
	scenario(t, "script_early_media", setup{}, func(r *rig) {
		r.flow("100", early)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.expect("183")
		r.wait(2 * time.Second)
		if err := r.engine.FinishPlay(1, media.PlayDone); err != nil {
			t.Fatal(err)
		}
		a.expect("486")
		a.send("ACK", "")
	})
	scenario(t, "script_early_media_cancel", setup{}, func(r *rig) {
		r.flow("100", early)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.Expect("183")
		r.wait(2 * time.Second)
		a.send("CANCEL", "")
		a.Expect("200")
		a.expect("487")
		a.target = "sip:100@10.0.0.1"
		a.send("ACK", "")
	})
	scenario(t, "script_early_media_then_answer", setup{}, func(r *rig) {
		r.flow("100", func(ev ScriptEvent) []Action {
			switch ev.(type) {
			case Started:
				return []Action{Ring{}, Play{ID: 1, Items: welcome}}
			case PlayEnded:
				return []Action{Answer{}}
			}
			return nil
		})
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.expect("180")
		a.expect("183")
		r.wait(2 * time.Second)
		if err := r.engine.FinishPlay(1, media.PlayDone); err != nil {
			t.Fatal(err)
		}
		a.establish()
		a.bye()
	})
}

func TestDigits(t *testing.T) {
	relay := "Content-Type: application/dtmf-relay"
	scenario(t, "digit_by_info", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		a.send("INFO", "Signal=5\r\nDuration=160\r\n", relay)
		a.expect("200")
		a.send("INFO", "")
		a.expect("200")
		a.send("INFO", "<x/>", "Content-Type: application/media_control+xml")
		r.header(a.expect("415"), "Accept", "application/dtmf-relay")
		a.send("INFO", "x", "Info-Package: foo", "Content-Type: text/plain")
		a.expect("469")
		r.engine.Press(1, '7') // from now on keys come as RFC 4733: INFO only repeats them
		r.wait(time.Second)
		a.send("INFO", "Signal=7\r\nDuration=160\r\n", relay)
		a.expect("200")
		a.bye()
	})
	scenario(t, "digit_by_info_bridged", setup{}, func(r *rig) {
		a, b := r.connected()
		a.send("INFO", "Signal=5\r\nDuration=160\r\n", relay)
		a.expect("200")
		b.send("INFO", "Signal=#\r\n", relay)
		b.expect("200")
		a.bye()
		b.hungUp()
	})
}

func TestLateOffer(t *testing.T) {
	scenario(t, "late_offer", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", "")
		a.expect("200")
		a.send("ACK", c.sdp())
		r.wait(time.Second)
		if v := r.view(); v.Legs[0].Codec != "PCMA" {
			t.Errorf("codec %s", v.Legs[0].Codec)
		}
		a.bye()
	})
	scenario(t, "late_offer_to_phone", setup{}, func(r *rig) {
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := carrier.call("bert", "")
		b := bert.ring()
		b.reply(b.invite, "183 Session Progress", bert.sdp())
		r.wait(time.Second)
		b.answer()
		a.expect("100")
		a.expect("200")
		a.send("ACK", carrier.sdp())
		r.wait(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "late_offer_bad_answer", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", "")
		a.expect("200")
		a.send("ACK", sdpAt("10.0.0.9", 4000, "18"))
		r.header(a.hungUp(), "Reason", "cause=65")
	})
	scenario(t, "late_offer_no_answer", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", "")
		a.expect("200")
		a.send("ACK", "")
		a.hungUp()
	})
}

func TestRefusals(t *testing.T) {
	scenario(t, "offer_without_common_codec", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", sdpAt("10.0.0.9", 4000, "18"))
		a.expect("488")
		a.send("ACK", "")
	})
	scenario(t, "offer_that_is_no_sdp", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", "hello")
		a.expect("400")
		a.send("ACK", "")
	})
	scenario(t, "extension_required", setup{}, func(r *rig) { // the dialog room refuses it: nothing stays behind
		c := r.carrier()
		a := c.call("bert", c.sdp(), "Require: 199")
		r.header(a.expect("420"), "Unsupported", "199")
		a.send("ACK", "")
	})
	scenario(t, "methods_without_dialog", setup{}, func(r *rig) {
		c := r.carrier()
		a := &side{ua: c, callID: "x", target: "sip:100@10.0.0.1", local: "<sip:a@b>;tag=1", remote: "<sip:c@d>"}
		a.send("OPTIONS", "")
		r.header(a.expect("200"), "Allow", "INVITE")
		a.send("MESSAGE", "hello", "Content-Type: text/plain")
		r.header(a.expect("405"), "Allow", "INVITE")
		a.send("REFER", "", "Refer-To: <sip:x@y>")
		a.expect("405")
		a.send("SUBSCRIBE", "", "Event: presence")
		a.expect("405")
		a.send("FOO", "")
		a.expect("501")
		a.remote += ";tag=unknown"
		a.send("BYE", "")
		a.expect("481")
		a.send("INFO", "")
		a.expect("481")
	})
	scenario(t, "methods_in_dialog", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		a.send("OPTIONS", "")
		r.header(a.expect("200"), "Allow", "INVITE")
		a.send("MESSAGE", "hello", "Content-Type: text/plain")
		r.header(a.expect("405"), "Allow", "INVITE")
		a.send("REFER", "", "Refer-To: <sip:x@y>")
		a.expect("403") // a carrier does not send us where it likes
		a.send("FOO", "")
		a.expect("501")
		a.bye()
		a.send("BYE", "")
		a.expect("481")
	})
	scenario(t, "unknown_phone", setup{}, func(r *rig) {
		x := r.ua("mallory", "10.0.0.66:5060")
		a := x.call("bert", x.sdp())
		a.expect("401")
		a.send("ACK", "")
	})
}

func TestCallerEnds(t *testing.T) {
	scenario(t, "lost_ack", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.expect("200")
		for range 10 {
			a.expect("200")
		}
		a.hungUp()
	})
	scenario(t, "bye_crosses_bye", setup{}, func(r *rig) {
		a, b := r.connected()
		a.send("BYE", "")
		r.wait(time.Millisecond) // so that one comes before the other; ours is on its way to b, who has not read it
		b.send("BYE", "")
		a.Expect("200")
		bye := b.Expect("BYE")
		b.Expect("200")
		b.reply(bye, "200 OK", "")
	})
	scenario(t, "bye_before_ack", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.expect("200")
		a.bye()
	})
	scenario(t, "caller_vanished", setup{cfg: func(c *Config) { c.MediaTimeout = 30 * time.Second }}, func(r *rig) {
		a, b := r.connected()
		r.engine.Inject(media.Silent{Stream: 1, For: 30 * time.Second})
		a.hungUp()
		b.hungUp()
	})
	scenario(t, "privacy", setup{}, func(r *rig) { // the number does not cross, nor does anything else that names him
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := carrier.call("bert", carrier.sdp(), "Privacy: id", "Diversion: <sip:boss@x>", "History-Info: <sip:boss@x>;index=1", "X-Secret: 1")
		b := bert.ring()
		for _, secret := range []string{"30555", "Diversion", "History-Info", "X-Secret"} {
			if containsHeader(b.invite, secret) {
				t.Errorf("%s crossed:\n%s", secret, b.invite)
			}
		}
		r.header(b.invite, "From", "anonymous")
		a.send("CANCEL", "")
		a.Expect("200")
		a.expect("487")
		a.send("ACK", "")
		b.reply(b.invite, "486 Busy Here", "")
		b.expect("ACK")
	})
}
