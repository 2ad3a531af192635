package b2bua

import (
	"context"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/store/journey"
)

func TestAdmission(t *testing.T) {
	scenario(t, "too_many_calls", setup{cfg: func(c *Config) { c.MaxCalls = 1 }}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		b := c.call("100", c.sdp())
		r.header(b.expect("503"), "Retry-After", "5")
		b.send("ACK", "")
		a.bye()
		r.wait(time.Second)
		d := c.call("100", c.sdp())
		d.establish()
		d.bye()
	})
	scenario(t, "too_fast", setup{cfg: func(c *Config) { c.CallRate, c.CallBurst = 1, 1 }}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		b := c.call("100", c.sdp())
		b.expect("503")
		b.send("ACK", "")
		r.wait(time.Second)
		d := c.call("100", c.sdp())
		d.establish()
		d.bye()
		a.bye()
	})
	scenario(t, "drain", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		done := make(chan error, 1)
		go func() { done <- r.sw.Drain(r.t.Context()) }()
		synctest.Wait()
		b := c.call("100", c.sdp())
		r.header(b.expect("503"), "Retry-After", "30")
		b.send("ACK", "")
		ping := &side{ua: c, callID: "x", target: "sip:10.0.0.1", local: "<sip:a@b>;tag=1", remote: "<sip:c@d>"}
		ping.send("OPTIONS", "")
		ping.expect("503")
		r.wait(time.Minute)
		a.bye() // a call that lives goes on
		if err := <-done; err != nil || !r.sw.Draining() {
			t.Errorf("drained: %v", err)
		}
		ctx, cancel := context.WithCancel(r.t.Context())
		cancel()
		if err := r.sw.Drain(ctx); err != nil {
			t.Errorf("nothing to drain: %v", err)
		}
	})
}

func TestRecording(t *testing.T) {
	on := setup{cfg: func(c *Config) { c.Recordings = "/var/rec" }}
	scenario(t, "recording", setup{cfg: func(c *Config) { c.Recordings, c.RecordAll = "/var/rec", true }}, func(r *rig) {
		a, b := r.connected()
		if v := r.view(); !strings.HasSuffix(v.Recording, ".wav") || strings.Contains(v.Recording, "/") {
			t.Errorf("recording %q in the view", v.Recording)
		}
		r.post(RecordCall{Do: RecordPause})
		r.post(RecordCall{Do: RecordPause})
		r.post(RecordCall{Do: RecordResume})
		r.post(RecordCall{Do: RecordStart})
		r.wait(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "recording_on_command", on, func(r *rig) {
		a, b := r.connected()
		r.post(RecordCall{Do: RecordStart})
		r.wait(time.Second)
		r.post(RecordCall{Do: RecordStop})
		r.post(RecordCall{Do: RecordPause})
		r.post(RecordCall{Do: RecordStart})
		r.wait(time.Second)
		b.bye()
		a.hungUp()
	})
	scenario(t, "recording_fails", setup{cfg: on.cfg, engine: mediatest.Options{RecordFails: true}}, func(r *rig) {
		a, b := r.connected()
		r.post(RecordCall{Do: RecordStart})
		r.wait(time.Second)
		if v := r.view(); v.Recording != "" {
			t.Errorf("recording %q in the view", v.Recording)
		}
		a.bye()
		b.hungUp()
	})
}

// TestDoor: what comes through the door beside calls.
func TestDoor(t *testing.T) {
	scenario(t, "register_then_call", setup{}, func(r *rig) {
		bert, carrier := r.ua("bert", bertAddr), r.carrier()
		s := &side{ua: bert, callID: "reg", target: "sip:tandem.local", local: "<sip:bert@tandem.local>;tag=1", remote: "<sip:bert@tandem.local>"}
		s.send("REGISTER", "", "Expires: 300")
		s.proveRegister(s.Expect("401"))
		r.header(s.Expect("200"), "Contact", "expires=300")
		a := carrier.call("bert", carrier.sdp())
		b := bert.ring()
		b.answer()
		a.establish()
		a.bye()
		b.hungUp()
	})
	scenario(t, "ack_of_nobody", setup{}, func(r *rig) { // nothing answers an ACK
		c := r.carrier()
		s := &side{ua: c, callID: "x", target: "sip:10.0.0.1", local: "<sip:a@b>;tag=1", remote: "<sip:c@d>"}
		s.send("ACK", "")
		s.remote += ";tag=2"
		s.send("ACK", "")
		c.Quiet(time.Second)
	})
	scenario(t, "late_200_of_forgotten_call", setup{}, func(r *rig) { // the transaction room ends it: ACK, BYE
		a, b := r.connected()
		a.bye()
		b.hungUp()
		r.wait(time.Minute)
		b.reply(b.invite, "200 OK", b.sdp())
		b.expect("ACK")
		b.hungUp()
	})
}

// TestConnectionLost: a caller whose TCP connection breaks while it rings is gone.
func TestConnectionLost(t *testing.T) {
	scenario(t, "tcp_caller_lost_while_ringing", setup{keep: true}, func(r *rig) {
		bert := r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		conn, err := r.net.Dialer("10.0.0.9")(r.t.Context(), "tcp", tandemAddr)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			buf := make([]byte, 4096)
			for {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
		}()
		s := &side{ua: &ua{r: r, name: "+4930555", addr: carrierAddr, via: "TCP"}, callID: "tcp", target: "sip:bert@10.0.0.1", local: "<sip:a@b>;tag=1", remote: "<sip:c@d>"}
		raw := s.request("INVITE", sdpAt("10.0.0.9", 4000, "8"))
		if _, err := conn.Write([]byte(raw)); err != nil {
			t.Fatal(err)
		}
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		conn.Close()
		b.canceled()
	})
}

// TestFigures: the end of a call tells the quality of its worst leg.
func TestFigures(t *testing.T) {
	c := &Call{legs: []*leg{
		{stats: media.Stats{Received: 100, MOS: 4.4}, config: media.StreamConfig{Format: media.Format{Codec: media.PCMA}}},
		{stats: media.Stats{Received: 99, Lost: 1, MOS: 3.5, Jitter: 3 * time.Millisecond}}, {},
	}}
	c.caller = c.legs[0]
	got := map[string]string{}
	c.figures(got)
	want := map[string]string{journey.DataMOS: "3.50", journey.DataLoss: "1.00", journey.DataJitter: "3.00", journey.DataCodec: "PCMA"}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	none := map[string]string{}
	(&Call{}).figures(none)
	if len(none) != 0 {
		t.Errorf("figures of nothing: %v", none)
	}
}
