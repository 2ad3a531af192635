package sms

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem/digital"
	"tandem/digital/smpp"
	"tandem/digital/smpp/gsm"
	"tandem/digital/smpp/pdu"
)

// SMPPConfig is a Carrier over one message centre. Zero values mean the defaults in brackets.
type SMPPConfig struct {
	Send       smpp.Config   // transceiver or transmitter
	Receive    *smpp.Config  // where the centre wants a receiver of its own
	Concat     gsm.Concat    // [Reference8]
	Receipts   bool          // ask for delivery receipts
	HexIDs     bool          // submit_sm_resp has hexadecimal ids where receipts have decimal ones
	Again      bool          // what was not answered is submitted again: never lost, and there twice where the centre drops no repeats
	PartsWait  time.Duration // a text whose parts do not all come is passed on as it is [15m]
	PartsHold  time.Duration // so long a part is not acknowledged, so that the centre keeps it until all are there [5s]
	Validity   time.Duration // after which the centre gives up; 0: its default
	SourceType uint8         // type of number of senders [by their look]
}

// SMPPDeps are what the Carrier needs of others.
type SMPPDeps struct {
	Log     *slog.Logger
	Client  smpp.Deps
	Metrics *smpp.Metrics // nil: no figures
}

// SMPP is a Carrier over SMPP 3.4. Owned by Run's goroutine.
type SMPP struct {
	config SMPPConfig
	log    *slog.Logger
	send   *smpp.Client
	recv   *smpp.Client // nil: send receives, too
	mail   chan any
	news   news // any goroutine
	most   int  // parts on their way: as many as send's queue holds

	up     Upward
	jobs   map[string]piece // by the key of each part
	ledger ledger
	ref    uint16
	boot   string // makes ids of arrivals unique over restarts
	pieces *gsm.Reassembler
	held   []heldPiece
	serial uint64
	stuck  []stuck
	retry  time.Time
}

// receiptFirst is how long a receipt has to tell of a text that was not answered, before it is submitted again.
const receiptFirst = 5 * time.Second

// parted is a text that was submitted in parts.
type parted struct {
	done    func(digital.Result)
	left    int
	ids     []string
	refused pdu.Status
	counts  [4]int // by smpp.Outcome
}

// piece is a part on its way.
type piece struct {
	of   *parted
	name string // see byReference
}

// What is mailed to the owner.
type (
	submit struct {
		text Text
		done func(digital.Result)
	}
	heard struct {
		client *smpp.Client
		event  smpp.Event
	}
)

// NewSMPP makes a Carrier; the error tells all faults of the configuration.
func NewSMPP(c SMPPConfig, d SMPPDeps) (*SMPP, error) {
	if c.PartsHold == 0 {
		c.PartsHold = 5 * time.Second
	}
	if c.Send.Mode == smpp.Receiver {
		return nil, errors.New("send: a receiver cannot send")
	}
	d.Client.Log, d.Client.Metrics = d.Log, d.Metrics
	s := &SMPP{
		config: c, log: d.Log, mail: make(chan any, mailboxSize), jobs: map[string]piece{}, ledger: newLedger(),
		pieces: gsm.NewReassembler(gsm.Limits{Wait: c.PartsWait}), boot: strconv.FormatInt(time.Now().UnixNano(), 36),
	}
	var err error
	if s.send, err = smpp.New(c.Send, d.Client); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	if c.Receive != nil {
		if s.recv, err = smpp.New(*c.Receive, d.Client); err != nil {
			return nil, fmt.Errorf("receive: %w", err)
		}
	}
	queue := c.Send.Queue
	if queue == 0 {
		queue = 1000
	}
	s.most = queue
	s.news.ready = make(chan struct{}, 1)
	return s, nil
}

// Idempotent tells whether what was not answered is submitted again. It has the user_message_reference of before.
func (s *SMPP) Idempotent(string) bool { return s.config.Again }

// Submit takes a text. It never waits.
func (s *SMPP) Submit(t Text, done func(digital.Result)) error {
	select {
	case s.mail <- submit{t, done}:
		return nil
	default:
		return ErrFull
	}
}

// Run keeps the clients bound until ctx ends.
func (s *SMPP) Run(ctx context.Context, up Upward) error {
	s.up = up
	var wg sync.WaitGroup
	clients := []*smpp.Client{s.send}
	if s.recv != nil {
		clients = append(clients, s.recv)
	}
	for _, c := range clients {
		wg.Go(func() { s.runClient(ctx, c) })
		wg.Go(func() {
			for e := range c.Events() {
				s.mail <- heard{c, e}
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(s.wait(time.Now()))
		select {
		case m := <-s.mail:
			s.handle(m, time.Now())
		case <-s.news.ready:
			for _, m := range s.news.take() {
				s.handle(m, time.Now())
			}
		case <-timer.C:
			s.expire(time.Now())
		case <-ended:
			s.finish()
			return nil
		}
	}
}

func (s *SMPP) runClient(ctx context.Context, c *smpp.Client) {
	if err := c.Run(ctx); err != nil {
		s.log.Error("smpp client ended", "err", err)
	}
}

// finish handles what is left when the clients have ended.
func (s *SMPP) finish() {
	for len(s.mail) > 0 {
		s.handle(<-s.mail, time.Now())
	}
}

func (s *SMPP) handle(m any, now time.Time) {
	switch m := m.(type) {
	case submit:
		s.submit(m, now)
	case stuck:
		s.stick(m, now)
	case heard:
		switch e := m.event.(type) {
		case smpp.Result:
			s.result(e, now)
		case smpp.Inbound:
			s.inbound(m.client, e, now)
		case smpp.Link:
			s.log.Info("smpp link", "up", e.Up, "reason", e.Why)
		}
	}
}

// submit cuts a text and submits its parts.
func (s *SMPP) submit(m submit, now time.Time) {
	s.ref++
	parts, err := gsm.Split(m.text.Text, s.ref, s.config.Concat)
	if err != nil {
		m.done(digital.Result{State: digital.Failed, Reason: "too_long"})
		return
	}
	if len(s.jobs)+len(parts) > s.most {
		m.done(digital.Result{State: digital.Failed, Reason: "throttled", Again: putOff})
		return
	}
	job := &parted{done: m.done, left: len(parts)}
	for i, part := range parts {
		key, message := fmt.Sprintf("%s/%d/%d", m.text.Key, s.ref, i), s.message(m.text, part)
		s.jobs[key] = piece{job, byReference(message, message.Destination)}
		err := s.send.Submit(smpp.Submission{Key: key, Message: message, Until: m.text.Until})
		if err != nil {
			s.result(smpp.Result{Key: key, Outcome: smpp.Unsent}, now)
		}
	}
}

func (s *SMPP) message(t Text, part gsm.Part) *pdu.Message {
	m := &pdu.Message{Source: pdu.AddressOf(t.From), Destination: pdu.AddressOf(t.To)}
	if s.config.SourceType != 0 {
		m.Source.TON = s.config.SourceType
	}
	if s.config.Receipts {
		m.Registered = pdu.RegisterFinal
	}
	if v := s.config.Validity; v > 0 {
		m.Validity = fmt.Sprintf("0000%02d%02d%02d%02d000R", min(int(v/(24*time.Hour)), 99), int(v/time.Hour)%24, int(v/time.Minute)%60, int(v/time.Second)%60)
	}
	h := fnv.New32a()
	fmt.Fprintf(h, "%s/%d", t.Key, part.Index)
	m.TLVs = append(m.TLVs, pdu.Uint16(pdu.UserMessageReference, uint16(h.Sum32()^h.Sum32()>>16)))
	m.Carry(part)
	return m
}

// partName begins the names of parts, so that none is an id of a centre.
const partName = "ref/"

// byReference names a part for which we have no id of the centre, by what its receipt repeats: the customer's number and the
// user_message_reference (SMPP 3.4 §5.3.2.17). Empty where m has none.
func byReference(m *pdu.Message, customer pdu.Address) string {
	ref, ok := m.TLVs.Uint(pdu.UserMessageReference)
	if !ok {
		return ""
	}
	return fmt.Sprintf(partName+"%s/%d", strings.TrimLeft(customer.Number, "+0"), ref)
}

// result counts a part; the last one tells the fate of the text.
func (s *SMPP) result(r smpp.Result, now time.Time) {
	part, ok := s.jobs[r.Key]
	if !ok {
		return
	}
	delete(s.jobs, r.Key)
	job := part.of
	job.left--
	job.counts[r.Outcome]++
	switch r.Outcome {
	case smpp.Accepted:
		if r.MessageID != "" { // some centres give none: then no receipt finds its text
			job.ids = append(job.ids, s.canonical(r.MessageID))
		}
	case smpp.Uncertain: // if the centre had it, the receipt says so
		job.ids = append(job.ids, part.name)
	case smpp.Refused:
		job.refused = r.Status
	}
	if job.left > 0 {
		return
	}
	fate := job.fate()
	if fate.State == digital.Uncertain && s.config.Receipts {
		fate.Again = receiptFirst
	}
	job.done(fate)
	if len(job.ids) > 0 && s.config.Receipts {
		for _, early := range s.ledger.enter(job.ids, now) {
			s.fared(early.receipt, early.name, now)
		}
	}
}

// fate sums the parts up.
func (j *parted) fate() digital.Result {
	r := digital.Result{State: digital.Sent}
	if len(j.ids) > 0 {
		r.External = j.ids[0]
	}
	switch {
	case j.counts[smpp.Uncertain] > 0:
		r.State, r.Reason = digital.Uncertain, "unanswered"
	case j.counts[smpp.Refused] > 0:
		r.State, r.Reason = digital.Failed, reasonOf(j.refused)
	case j.counts[smpp.Unsent] > 0 && j.counts[smpp.Accepted] == 0:
		r.State, r.Reason, r.Again = digital.Failed, "unreachable_provider", putOff
	case j.counts[smpp.Unsent] > 0:
		r.State, r.Reason = digital.Failed, "incomplete"
	}
	return r
}

func reasonOf(s pdu.Status) string {
	switch s {
	case pdu.InvalidDestination:
		return "invalid_number"
	case pdu.InvalidSource:
		return "sender"
	}
	return "rejected"
}

// canonical gives an id of submit_sm_resp the form that receipts have.
func (s *SMPP) canonical(id string) string {
	if s.config.HexIDs {
		if n, err := strconv.ParseUint(id, 16, 64); err == nil {
			return strconv.FormatUint(n, 10)
		}
	}
	return strings.TrimSpace(id)
}
