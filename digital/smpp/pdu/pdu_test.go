package pdu

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem/digital/smpp/gsm"
)

func octets(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// known are PDUs octet by octet; the first is the example of SMPP 3.4 §3.2.3 (bind_transmitter).
var known = []struct {
	name, octets string
	pdu          PDU
}{
	{
		"bind_transmitter of the specification",
		`0000002F 00000002 00000000 00000001 534D50503354455354 00 7365637265743038 00 5355424D495431 00 00 01 01 00`,
		PDU{Command: BindTransmitter, Sequence: 1, Body: &Bind{SystemID: "SMPP3TEST", Password: "secret08", SystemType: "SUBMIT1", TON: 1, NPI: 1}},
	},
	{"enquire_link", `00000010 00000015 00000000 0000002A`, PDU{Command: EnquireLink, Sequence: 42}},
	{"generic_nack", `00000010 80000000 00000003 00000007`, PDU{Command: GenericNack, Status: InvalidCommand, Sequence: 7}},
	{"refused bind", `00000010 80000009 0000000E 00000001`, PDU{Command: BindTransceiverResp, Status: InvalidPassword, Sequence: 1}},
	{
		"submit_sm_resp", `00000013 80000004 00000000 00000005 4142 00`,
		PDU{Command: SubmitSMResp, Sequence: 5, Body: &MessageResp{MessageID: "AB"}},
	},
	{
		"submit_sm", `0000003B 00000004 00000000 00000002
			00  03 01 3132333435 00  01 01 34393137 00  40 00 00  00 00  01 00 08 00  08 05 00 03 07 02 01 00 41  0204 0002 1234`,
		PDU{Command: SubmitSM, Sequence: 2, Body: &Message{
			Source: Address{3, 1, "12345"}, Destination: Address{1, 1, "4917"}, ESMClass: ESMUDH, Registered: 1, DataCoding: 8,
			Short: []byte{5, 0, 3, 7, 2, 1, 0, 'A'}, TLVs: TLVs{Uint16(UserMessageReference, 0x1234)},
		}},
	},
}

func TestKnownOctets(t *testing.T) {
	for _, test := range known {
		t.Run(test.name, func(t *testing.T) {
			want := octets(t, test.octets)
			got, err := Append(nil, test.pdu)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got[4:], want[4:]) || len(got) != len(want) {
				t.Errorf("got  %x\nwant %x", got, want)
			}
			back, err := Parse(got)
			if err != nil {
				t.Fatal(err)
			}
			if test.name != "refused bind" && !reflect.DeepEqual(back, test.pdu) {
				t.Errorf("got %+v, want %+v", back, test.pdu)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name, octets string
		status       Status
		answer       Command // 0: none
	}{
		{"submit_sm without a body", `00000010 00000004 00000000 00000002`, InvalidCommandLen, SubmitSMResp},
		{"text longer than its field", `00000018 00000006 00000000 00000002`, OK, 0},
		{"system_id without an end", `00000022 00000009 00000000 00000002 414141414141414141414141414141414141`, InvalidCommandLen, BindTransceiverResp},
		{
			"short_message cut short", `00000023 00000004 00000000 00000002 00 0000 00 0000 00 000000 00 00 0000 0000 0A 4141`,
			InvalidLength, SubmitSMResp,
		},
		{
			"parameter cut short", `00000026 00000004 00000000 00000002 00 0000 00 0000 00 000000 00 00 0000 0000 00 0204 0004 41`,
			InvalidTLVStream, SubmitSMResp,
		},
		{"answer is not answered", `00000012 80000004 00000000 00000002 4141`, InvalidCommandLen, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := octets(t, test.octets)
			b[2], b[3] = byte(len(b)>>8), byte(len(b))
			_, err := Parse(b)
			var fault *Fault
			if test.status == OK {
				if err != nil {
					t.Fatalf("got %v, want none", err)
				}
				return
			}
			if !errors.As(err, &fault) || fault.Status != test.status {
				t.Fatalf("got %v, want %s", err, test.status)
			}
			reply, ok := fault.Reply()
			if ok != (test.answer != 0) || reply.Command != test.answer || ok && reply.Status != test.status {
				t.Errorf("got answer %+v", reply)
			}
		})
	}
}

func TestReaderStaysInStep(t *testing.T) {
	good, err := Append(nil, PDU{Command: EnquireLink, Sequence: 9})
	if err != nil {
		t.Fatal(err)
	}
	bad := octets(t, `00000011 00000004 00000000 00000002 41`)
	r := NewReader(bytes.NewReader(append(append(bytes.Clone(bad), good...), good[:7]...)), 0)
	var fault *Fault
	if _, err := r.Next(); !errors.As(err, &fault) {
		t.Fatalf("got %v, want a fault", err)
	}
	if p, err := r.Next(); err != nil || p.Sequence != 9 {
		t.Fatalf("got %+v, %v behind a fault", p, err)
	}
	if _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want an unexpected end", err)
	}
	for _, length := range []string{"0000000F", "00010001", "FFFFFFFF", "00000000"} {
		r := NewReader(bytes.NewReader(octets(t, length+"000000150000000000000001")), 0)
		if _, err := r.Next(); !errors.Is(err, ErrLength) {
			t.Errorf("length %s: got %v", length, err)
		}
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	for _, test := range []struct {
		name string
		body Body
	}{
		{"system_id", &Bind{SystemID: strings.Repeat("x", 16)}},
		{"password", &Bind{Password: "123456789"}},
		{"zero in a text", &Bind{SystemID: "a\x00b"}},
		{"number", &Message{Source: Address{Number: strings.Repeat("1", 21)}}},
		{"short_message", &Message{Short: make([]byte, 255)}},
		{"parameter", &Message{TLVs: TLVs{{MessagePayload, make([]byte, 65536)}}}},
		{"all of it", &Message{TLVs: TLVs{{MessagePayload, make([]byte, 40000)}, {MessagePayload, make([]byte, 40000)}}}},
		{"message_id", &MessageResp{MessageID: strings.Repeat("x", 65)}},
	} {
		if b, err := Append([]byte("kept"), PDU{Command: SubmitSM, Body: test.body}); !errors.Is(err, ErrValue) || string(b) != "kept" {
			t.Errorf("%s: got %v and %q", test.name, err, b)
		}
	}
}

func TestReceipts(t *testing.T) {
	at := time.Date(2026, 3, 4, 15, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		name, text string
		tlvs       TLVs
		want       Receipt
	}{
		{
			"appendix B", "id:123A sub:001 dlvrd:001 submit date:2603041530 done date:2603041530 stat:DELIVRD err:000 Text:hello stat:UNDELIV",
			nil, Receipt{"123A", Delivered, "000", at, at},
		},
		{"seconds in dates", "id:1 submit date:260304153012 done date:260304153012 stat:UNDELIV err:069", nil, Receipt{"1", Undeliverable, "069", at, at}},
		{"parameters win", "id:1 stat:UNDELIV", TLVs{Text(ReceiptedMessageID, "X"), Uint8(MessageState, 2)}, Receipt{MessageID: "X", State: Delivered}},
		{"parameters only", "", TLVs{Text(ReceiptedMessageID, "X"), Uint8(MessageState, 8), {NetworkErrorCode, []byte{3, 0, 44}}}, Receipt{MessageID: "X", State: Rejected, Error: "044"}},
		{"lower case, other order", "stat:expired id:77 err:1", nil, Receipt{MessageID: "77", State: Expired, Error: "1"}},
		{"odd word", "id:1 stat:HUH", nil, Receipt{MessageID: "1", State: Unknown}},
	} {
		m := &Message{ESMClass: ESMReceipt, Short: []byte(test.text), TLVs: test.tlvs}
		if got, ok := m.Receipt(); !ok || got != test.want {
			t.Errorf("%s: got %+v, %v, want %+v", test.name, got, ok, test.want)
		}
	}
	if _, ok := (&Message{ESMClass: ESMReceipt, Short: []byte("nothing")}).Receipt(); ok {
		t.Error("a receipt without an id was read")
	}
	if _, ok := (&Message{Short: []byte("id:1 stat:DELIVRD")}).Receipt(); ok {
		t.Error("a customer's text was read as a receipt")
	}
}

func TestReceiptOfOurs(t *testing.T) {
	m := &Message{Source: AddressOf("12345"), Destination: AddressOf("+4917"), TLVs: TLVs{Uint16(UserMessageReference, 5)}}
	at := time.Date(2026, 3, 4, 15, 30, 0, 0, time.UTC)
	want := Receipt{"0000ABCD", Undeliverable, "001", at, at}
	out := NewReceipt(m, want)
	if got, ok := out.Receipt(); !ok || got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if out.Source != m.Destination || out.Destination != m.Source {
		t.Errorf("got %+v to %+v", out.Source, out.Destination)
	}
}

func TestPieces(t *testing.T) {
	text := strings.Repeat("ж", 100)
	for _, how := range []gsm.Concat{gsm.Reference8, gsm.Reference16, gsm.Sar} {
		parts, err := gsm.Split(text, 0x1234, how)
		if err != nil {
			t.Fatal(err)
		}
		r := gsm.NewReassembler(gsm.Limits{})
		var whole []gsm.Whole
		for i := len(parts) - 1; i >= 0; i-- {
			m := &Message{Source: AddressOf("+1"), Destination: AddressOf("2")}
			m.Carry(parts[i])
			b, err := Append(nil, PDU{Command: DeliverSM, Sequence: 1, Body: m})
			if err != nil {
				t.Fatal(err)
			}
			p, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			piece, err := p.Body.(*Message).Piece()
			if err != nil {
				t.Fatal(err)
			}
			whole = r.Add(piece, time.Time{})
		}
		if len(whole) != 1 || whole[0].Text != text {
			t.Errorf("way %d: got %+v", how, whole)
		}
	}
	if _, err := (&Message{ESMClass: ESMUDH, Short: []byte{9, 1}}).Piece(); !errors.Is(err, gsm.ErrHeader) {
		t.Errorf("got %v, want a broken header", err)
	}
	if p, err := (&Message{TLVs: TLVs{{MessagePayload, []byte("long")}}}).Piece(); err != nil || p.Text != "long" {
		t.Errorf("got %+v, %v from message_payload", p, err)
	}
}

func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		number string
		want   Address
	}{
		{"+4917", Address{TONInternational, NPIE164, "4917"}}, {"01701234", Address{TONNational, NPIE164, "01701234"}},
		{"12345", Address{TONShort, NPIE164, "12345"}}, {"Tandem", Address{TONAlphanumeric, NPIUnknown, "Tandem"}},
	} {
		got := AddressOf(test.number)
		if got != test.want || got.Display() != test.number {
			t.Errorf("%s: got %+v, shown as %s", test.number, got, got.Display())
		}
	}
}

func TestNames(t *testing.T) {
	if got := SubmitSM.String() + " " + Command(0x99).String() + " " + Throttled.String() + " " + Status(0x999).String(); got !=
		"submit_sm command 0x00000099 throttled status 0x00000999" {
		t.Errorf("got %q", got)
	}
	if (&Message{Registered: RegisterFailure}).WantsReceipt(true) || !(&Message{Registered: RegisterFailure}).WantsReceipt(false) {
		t.Error("a receipt on failure only is misread")
	}
}

func FuzzParse(f *testing.F) {
	for _, test := range known {
		if b, err := Append(nil, test.pdu); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		if m, ok := p.Body.(*Message); ok {
			m.Receipt()
			m.Piece()
		}
		first, err := Append(nil, p)
		if err != nil {
			t.Fatalf("%+v was parsed and cannot be printed: %v", p, err)
		}
		again, err := Parse(first)
		if err != nil {
			t.Fatalf("%x was printed and cannot be parsed: %v", first, err)
		}
		second, err := Append(nil, again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("got %x, then %x, %v", first, second, err)
		}
	})
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(bytes.NewReader(b), 0)
		for {
			_, err := r.Next()
			var fault *Fault
			if err != nil && !errors.As(err, &fault) {
				return
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	octets, err := Append(nil, known[len(known)-1].pdu)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Parse(octets); err != nil {
			b.Fatal(err)
		}
	}
}
