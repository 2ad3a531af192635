package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// peer is a small client on a TCP connection.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// dial connects to a gateway from an address.
func dial(t *testing.T, h *house, from string) *peer {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	c, err := d.Dial("tcp", h.Gateway.SIP.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &peer{t, c, bufio.NewReader(c)}
}

// pieces sends a text so many bytes at a time, each its own segment.
func (p *peer) pieces(text string, size int) {
	p.t.Helper()
	for len(text) > 0 {
		n := min(size, len(text))
		if _, err := io.WriteString(p.conn, text[:n]); err != nil {
			p.t.Fatal(err)
		}
		text = text[n:]
	}
}

// answer reads the next message that is no 1xx: the start line and the headers.
func (p *peer) answer() (first string, headers map[string]string) {
	p.t.Helper()
	for {
		first, headers = p.message()
		if !strings.HasPrefix(first, "SIP/2.0 1") {
			return first, headers
		}
	}
}

func (p *peer) message() (first string, headers map[string]string) {
	p.t.Helper()
	headers = map[string]string{}
	for {
		l, err := p.in.ReadString('\n')
		if err != nil {
			p.t.Fatalf("after %q: %v", first, err)
		}
		l = strings.TrimRight(l, "\r\n")
		switch {
		case l == "" && first == "": // an answer to a keep-alive
		case l == "":
			var n int
			_, _ = fmt.Sscan(headers["Content-Length"], &n) // without it 0
			if _, err := p.in.Discard(n); err != nil {
				p.t.Fatal(err)
			}
			return first, headers
		case first == "":
			first = l
		default:
			k, v, _ := strings.Cut(l, ":")
			headers[k] = strings.TrimSpace(v)
		}
	}
}

// request builds a request of the dialog that the headers of its 2xx made; nil for the INVITE.
func (p *peer) request(method, number, id string, cseq int, dialog map[string]string, body string) string {
	at := p.conn.LocalAddr()
	uri, to := "sip:"+number+"@"+p.conn.RemoteAddr().String(), "<sip:"+number+"@e2e.test>"
	if dialog != nil {
		uri, to = strings.Trim(dialog["Contact"], "<>"), dialog["To"]
	}
	text := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK%s%s%d\r\nMax-Forwards: 70\r\nFrom: <sip:%s@e2e.test>;tag=%s\r\nTo: %s\r\n"+
		"Call-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:x@%s;transport=tcp>\r\n", method, uri, at, id, method, cseq, caller, id, to, id, cseq, method, at)
	if body != "" {
		text += "Content-Type: application/sdp\r\n"
	}
	return text + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

const offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"

// RFC 3261 §18.3: on a stream the Content-Length alone ends a message, however the bytes come.
func TestTCPInPieces(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	for i, size := range []int{1, 7, 400, 65536} {
		p := dial(t, h, h.from.String())
		id := fmt.Sprintf("pieces%d", size)
		p.pieces("\r\n\r\n"+p.request("INVITE", menuLine, id, 1, nil, offer), size)
		first, dialog := p.answer()
		if first != "SIP/2.0 200 OK" {
			t.Fatalf("pieces of %d: got %q, want 200", size, first)
		}
		p.pieces(p.request("ACK", menuLine, id, 1, dialog, "")+p.request("OPTIONS", menuLine, id, 2, dialog, "")+p.request("BYE", menuLine, id, 3, dialog, ""), size)
		for _, method := range []string{"2 OPTIONS", "3 BYE"} {
			if first, headers := p.answer(); first != "SIP/2.0 200 OK" || headers["CSeq"] != method {
				t.Errorf("pieces of %d: got %q to %s, want 200 to %s", size, first, headers["CSeq"], method)
			}
		}
		w := h.tell(t, i)
		w.check(t, "outcome=flow", "cause=16", "by=caller")
		w.ladder(t, "INVITE (1) [sdp]", "200 OK (INVITE 1) [sdp]", "ACK (1)", "BYE (3)")
	}
}
