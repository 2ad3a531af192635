package webchat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/coder/websocket"

	"tandem/digital"
	"tandem/store/journey"
)

// maxHellos bounds the tries of one page.
const maxHellos = 5

// tokenBytes is the length of a token in text: 130 random bits in base 32.
const tokenBytes = 26

// newToken makes a session token: only the page ever sees it.
func newToken() string { return rand.Text() }

// hashOf is how a token is stored.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// greet begins or resumes a conversation.
func (s *socket) greet(f frame) {
	if s.hellos++; s.hellos > maxHellos {
		s.end(websocket.StatusPolicyViolation, "too many hellos")
		return
	}
	if f.tooMuch() {
		s.refuse("error", "", CodeInvalid, 0)
		return
	}
	if s.conversation != "" && !f.Fresh {
		s.refuse("error", "", CodeHello, 0)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), openWait)
	defer cancel()
	v, err := s.session(ctx, f)
	if err == nil && (v.session.Conversation == "" || f.Fresh) {
		err = s.begin(ctx, &v, f)
	}
	if err != nil {
		s.turnAway(err)
		return
	}
	s.enter(v, f.After)
}

// tooMuch tells whether a hello says more than is kept, or speaks a later version.
func (f *frame) tooMuch() bool {
	return f.V > Version || len(f.Token) > tokenBytes || len(f.Link) > 256 || len(f.Facts) > 8 || len(f.Language) > 16 || len(f.Page) > 1000 || len(f.Name) > 400
}

// visiting is a page's session and its token; resumed tells that the conversation was there.
type visiting struct {
	token   string
	fresh   bool // the token is new: the page must be told
	session Session
	resumed bool
}

// session finds what the page's token stands for, or makes a new one.
func (s *socket) session(ctx context.Context, f frame) (visiting, error) {
	now := time.Now()
	if f.Token == "" {
		return visiting{token: newToken(), fresh: true, session: Session{Visitor: "w_" + newToken(), Created: now}}, nil
	}
	v := visiting{token: f.Token, resumed: !f.Fresh}
	var err error
	if v.session, err = s.room.Sessions.Get(ctx, hashOf(f.Token)); err != nil {
		return v, err
	}
	if v.session.Expires.Before(now) {
		return v, ErrNoSession
	}
	if v.session.Expires.Sub(now) < s.room.cfg.SessionLife/2 {
		v.session.Expires = now.Add(s.room.cfg.SessionLife)
		return v, s.room.Sessions.Put(ctx, hashOf(v.token), v.session)
	}
	return v, nil
}

// errRate says that an address opens too many conversations.
var errRate = errors.New("too many conversations of one address")

// begin opens a conversation and binds the token to it.
func (s *socket) begin(ctx context.Context, v *visiting, f frame) error {
	if _, ok := s.room.opens.take(s.address.String(), time.Now()); !ok {
		return errRate
	}
	opened := make(chan digital.Opened, 1)
	err := s.room.Hub.Open(digital.Opening{
		Channel: journey.Chat, Token: f.Link, Name: f.Name, Language: f.Language, Page: f.Page, Facts: f.Facts,
		Identities: []journey.Identity{{Type: journey.Web, Value: v.session.Visitor, Strength: journey.Claimed}},
	}, func(o digital.Opened) { opened <- o })
	if err != nil {
		return err
	}
	select {
	case o := <-opened:
		if o.Err != nil {
			return o.Err
		}
		v.session.Conversation = o.Conversation
	case <-ctx.Done():
		return digital.ErrBusy
	}
	v.resumed, v.session.Expires = false, time.Now().Add(s.room.cfg.SessionLife)
	return s.room.Sessions.Put(ctx, hashOf(v.token), v.session)
}

func (s *socket) turnAway(err error) {
	if errors.Is(err, errRate) {
		s.refuse("error", "", CodeRate, time.Duration(float64(time.Second)/s.room.cfg.OpenRate))
		return
	}
	code, again := codeOf(err)
	pause := time.Duration(0)
	if again {
		pause = busyPause
		s.room.away.Failed(err)
	}
	s.refuse("error", "", code, pause)
}

// enter lets the page follow its conversation: the welcome comes with what it has missed.
func (s *socket) enter(v visiting, after uint64) {
	if old := s.feed.Load(); old != nil { // it begins another conversation on the same socket
		old.Close()
	}
	w := &welcome{
		T: "welcome", V: Version, Conversation: v.session.Conversation, Resumed: v.resumed,
		Limits: limits{Text: digital.MaxText, FileBytes: s.room.cfg.FileBytes, FileTypes: s.room.cfg.FileTypes},
	}
	if v.fresh {
		w.Token = v.token
	}
	if !v.resumed {
		after = 0
	}
	s.visitor = v.session.Visitor
	s.room.away.Worked()
	s.mu.Lock()
	s.next = &arrival{hello: w, after: after}
	s.mu.Unlock()
	s.room.metrics.hellos.WithLabelValues(map[bool]string{true: "resumed", false: "new"}[v.resumed]).Inc()
	first, left := s.room.visit(s, v.session.Conversation)
	if left != "" {
		s.post(left, digital.CustomerPresent{})
	}
	feed := s.room.Hub.NewFeedFunc(0, s.stir)
	s.feed.Store(feed)
	if err := feed.Follow(v.session.Conversation, after); err != nil {
		s.end(websocket.StatusTryAgainLater, "busy")
		return
	}
	if first {
		s.post(s.conversation, digital.CustomerPresent{On: true})
	}
}
