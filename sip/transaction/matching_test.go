package transaction_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

// TestOldClients: a client of RFC 2543 makes branches without the cookie, or none; its retransmissions, CANCEL and ACK are matched by
// the rest of the request (RFC 3261 §17.2.3).
func TestOldClients(t *testing.T) {
	for name, branch := range map[string]string{"other branch": ";branch=1", "no branch": "", "cookie alone": ";branch=z9hG4bK"} {
		t.Run(name, func(t *testing.T) {
			run(t, transaction.Config{}, func(r *rig) {
				r.answer(180)
				old := func(method, toTag string) string {
					return replace(r.alice.Request(method, siptest.Call{ToTag: toTag}), ";branch=z9hG4bKb1", branch)
				}
				r.alice.Send(tandemAddr, old("INVITE", ""))
				ringing := r.alice.Expect("180")
				r.alice.Send(tandemAddr, old("INVITE", ""))
				if again := r.alice.Expect("180"); again != ringing {
					t.Errorf("a retransmission got another answer: %s", again)
				}
				r.alice.Send(tandemAddr, old("CANCEL", ""))
				r.alice.Expect("200")
				end := r.alice.Expect("487")
				r.alice.Send(tandemAddr, old("ACK", siptest.TagIn(siptest.Field(end, "To"))))
				r.alice.Quiet(10 * time.Second)
				if got := r.h.methods(); got != "INVITE " {
					t.Errorf("the handler saw %q", got)
				}
			})
		})
	}
}

// TestAnswersGoWhere: RFC 3261 §18.2.2 and RFC 3581 §4: to the source address always; to its port when rport was asked for or is forced,
// else to the port of Via, which is 5060 when it names none.
func TestAnswersGoWhere(t *testing.T) {
	const other = "10.0.0.2:5070"
	tests := []struct {
		name, via string
		force     bool
		want      string
	}{
		{"rport", "10.0.0.2:5070;branch=z9hG4bKb1;rport", false, aliceAddr},
		{"port of Via", "10.0.0.2:5070;branch=z9hG4bKb1", false, other},
		{"forced", "10.0.0.2:5070;branch=z9hG4bKb1", true, aliceAddr},
		{"no port", "10.0.0.2;branch=z9hG4bKb1", false, aliceAddr},
		{"name", "client.invalid:5070;branch=z9hG4bKb1", false, other},
		{"another host", "192.0.2.99:5070;branch=z9hG4bKb1", false, other},
		{"maddr is not followed", "10.0.0.2:5070;branch=z9hG4bKb1;maddr=192.0.2.99", false, other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run(t, transaction.Config{ForceRport: func(netip.Addr) bool { return tt.force }}, func(r *rig) {
				r.answer(200)
				uas := map[string]*siptest.UA{aliceAddr: r.alice, other: siptest.NewUA(t, r.net, other)}
				r.alice.Send(tandemAddr, replace(r.alice.Request("OPTIONS", siptest.Call{}), "10.0.0.2:5060;branch=z9hG4bKb1;rport", tt.via))
				via := siptest.Field(uas[tt.want].Expect("200"), "Via")
				if !strings.HasPrefix(via, "SIP/2.0/UDP "+tt.via[:strings.IndexByte(tt.via, ';')]) {
					t.Errorf("Via came back as %q", via)
				}
				for _, u := range uas {
					u.Quiet(time.Second)
					u.Close()
				}
			})
		})
	}
}

// TestUnreadableRequests: whatever the start of a request is worth gets a 400 with its own words; an ACK, and what has no Via, nothing.
func TestUnreadableRequests(t *testing.T) {
	tests := []struct{ name, method, old, new, want string }{
		{"CSeq", "OPTIONS", "CSeq: 1 OPTIONS", "CSeq: one OPTIONS", "400"},
		{"CSeq of another method", "OPTIONS", "CSeq: 1 OPTIONS", "CSeq: 1 INVITE", "400"},
		{"no CSeq", "OPTIONS", "CSeq: 1 OPTIONS\r\n", "", "400"},
		{"From", "OPTIONS", "From: <sip:alice@example.com>", "From: <sip:alice@example.com", "400"},
		{"no From tag", "OPTIONS", ";tag=tag-1", "", "400"},
		{"To", "OPTIONS", "To: <sip:100@example.com>", "To: \"", "400"},
		{"no Call-ID", "OPTIONS", "Call-ID: call-1\r\n", "", "400"},
		{"two Call-IDs", "OPTIONS", "Call-ID: call-1", "Call-ID: call-1\r\nCall-ID: call-2", "400"},
		{"version", "OPTIONS", "SIP/2.0\r\n", "SIP/7.0\r\n", "505"},
		{"scheme", "OPTIONS", "sip:100@10.0.0.1 SIP", "gopher:x SIP", "416"},
		{"ACK", "ACK", "CSeq: 1 ACK", "CSeq: x", ""},
		{"no Via", "OPTIONS", "Via:", "X-Via:", ""},
		{"Via", "OPTIONS", "Via: SIP/2.0/UDP 10.0.0.2:5060", "Via: SIP/2.0/UDP 10.0.0.2:99999", "400"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run(t, transaction.Config{}, func(r *rig) {
				r.alice.Send(tandemAddr, replace(r.alice.Request(tt.method, siptest.Call{}), tt.old, tt.new))
				if tt.want == "" {
					r.alice.Quiet(time.Minute)
				} else if res := r.alice.Expect(tt.want); !contains(siptest.Field(res, "Via"), "10.0.0.2:") {
					t.Errorf("answer %q", res)
				}
				if got := r.h.methods(); got != "" {
					t.Errorf("the handler saw %q", got)
				}
			})
		})
	}
}

// TestFullTableLetsCallsEnd: when no new call is taken, those that stand can still go on: BYE and CANCEL have room of their own.
func TestFullTableLetsCallsEnd(t *testing.T) {
	run(t, transaction.Config{MaxTransactions: 8}, func(r *rig) {
		r.answer(180)
		for i := range 8 {
			r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{CallID: fmt.Sprint("c", i), Branch: fmt.Sprint("i", i)}))
			r.alice.Expect("180")
		}
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{CallID: "more", Branch: "more"}))
		r.alice.Expect("503")
		r.alice.Send(tandemAddr, r.alice.Request("CANCEL", siptest.Call{CallID: "c0", Branch: "i0"}))
		r.alice.Expect("200")
		r.alice.Expect("487")
		r.answer(200)
		r.alice.Send(tandemAddr, r.alice.Request("BYE", siptest.Call{CallID: "c1", Branch: "bye", CSeq: 2, ToTag: "x"}))
		r.alice.Expect("200")
	})
}

// TestWriteRepeatsTheSameBytes: an ACK that the dialog repeats itself keeps the branch of its first time.
func TestWriteRepeatsTheSameBytes(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		ack := outgoing(t, sip.ACK, "write")
		for range 2 {
			if err := r.layer.Write(ack, to(bobAddr)); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := r.bob.Expect("ACK"), r.bob.Expect("ACK"); a != b || !contains(siptest.Field(a, "Via"), "branch=z9hG4bK") {
			t.Errorf("got\n%s\n%s", a, b)
		}
		if err := r.layer.Write(sip.NewRequest(sip.ACK, ack.Recipient), to(bobAddr)); err == nil {
			t.Error("an ACK without headers was sent")
		}
	})
}

// TestNextRequestDialsAgain: the connection of an answered call is lost; its BYE takes a new one.
func TestNextRequestDialsAgain(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		ln := r.net.Listen(bobAddr)
		defer ln.Close()
		s, dest := &sink{}, to(bobAddr)
		dest.Transport = transport.TCP
		serve := func(answer string) { // one connection, one request, gone
			c, err := ln.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 65536)
			n, _ := c.Read(buf)
			c.Write([]byte(r.bob.Reply(string(buf[:n]), answer, "b")))
			c.Read(buf) // the ACK
			c.Close()
		}
		go serve("200 OK")
		tx, err := r.layer.Send(outgoing(t, sip.INVITE, "again"), dest, s.take)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if len(s.events()) != 1 {
			t.Fatalf("events %+v", s.events())
		}
		ack := outgoing(t, sip.ACK, "again")
		ack.To().Params = s.events()[0].Response.To().Params.Clone()
		if err := tx.Ack(ack, dest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if c := r.layer.Counts(); c.Client != 0 {
			t.Errorf("left %+v: what hangs on the connection ends with it", c)
		}
		go serve("200 OK")
		if _, err := r.layer.Send(outgoing(t, sip.BYE, "again"), dest, s.take); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if evs := s.events(); len(evs) != 2 || evs[1].Response == nil || evs[1].Response.StatusCode != 200 {
			t.Errorf("events %+v, want the 200 of the BYE", evs)
		}
	})
}
