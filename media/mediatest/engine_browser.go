package mediatest

import (
	"net/netip"
	"strings"

	"tandem/media"
)

// The descriptions that the fake gives for browser streams. They are whole and look like the real ones; nothing connects.
var (
	// BrowserOffer answers Describe without an offer.
	BrowserOffer = browserSDP("actpass", "0 8 101")
	// BrowserAnswer answers Describe with one.
	BrowserAnswer = browserSDP("passive", "0 101")
)

func browserSDP(setup, formats string) string {
	lines := []string{
		"v=0", "o=- 7 1 IN IP4 192.0.2.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=ice-lite",
		"m=audio 10001 UDP/TLS/RTP/SAVPF " + formats, "c=IN IP4 192.0.2.1", "a=mid:0", "a=rtcp-mux", "a=sendrecv",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=ptime:20", "a=ice-ufrag:fake", "a=ice-pwd:fakefakefakefakefakefake",
		"a=fingerprint:sha-256 " + strings.Repeat("00:", 31) + "00", "a=setup:" + setup,
		"a=candidate:1 1 udp 2130706431 192.0.2.1 10001 typ host", "a=end-of-candidates", "",
	}
	return strings.Join(lines, "\r\n")
}

// browserConfig is what the fake says was negotiated.
func (e *Engine) browserConfig(s media.StreamID) media.StreamConfig {
	pcmu := media.Format{Codec: media.PCMU}
	elbow := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), e.open[s].Port())
	return media.StreamConfig{Remote: elbow, RemoteRTCP: elbow, Format: pcmu, Accept: []media.Format{pcmu}, DTMFSend: 101, DTMFRecv: 101}
}

// described answers Describe: the direction of the offer's last direction line is mirrored, as the real one does.
func (e *Engine) described(c media.Describe) []media.Event {
	if c.Offer == "" {
		ev := e.settled(c.Stream, BrowserOffer)
		ev.Config = media.StreamConfig{}
		return []media.Event{ev}
	}
	ev := e.settled(c.Stream, BrowserAnswer)
	for theirs, ours := range map[string]media.Direction{"sendonly": media.RecvOnly, "recvonly": media.SendOnly, "inactive": media.Inactive} {
		if ev.Err == "" && strings.Contains(c.Offer, "a="+theirs) {
			ev.Config.Direction = ours
			ev.SDP = strings.Replace(ev.SDP, "a=sendrecv", "a="+directions[ours], 1)
		}
	}
	return []media.Event{ev}
}

// settled answers with a text, or with the fault that the test wants or has.
func (e *Engine) settled(s media.StreamID, text string) media.Described {
	switch {
	case e.opts.RefuseSDP != "":
		return media.Described{Stream: s, Err: e.opts.RefuseSDP}
	case !e.pages[s]:
		return media.Described{Stream: s, Err: "not a browser stream"}
	}
	return media.Described{Stream: s, SDP: text, Config: e.browserConfig(s)}
}
