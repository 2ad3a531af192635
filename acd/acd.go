package acd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tandem/acd/route"
	"tandem/store/journey"
)

// Media is the kind of work that an item is. The core knows them by number and by their MediaRule only.
type Media string

// The media.
const (
	Voice    Media = "voice"
	Callback Media = "callback"
	Chat     Media = "chat"
	Message  Media = "message"
	Task     Media = "task"
	Email    Media = "email"
	Video    Media = "video"
)

// media by index: rules and loads are arrays.
var mediaList = [...]Media{Voice, Callback, Chat, Message, Task, Email, Video}

const mediaCount = len(mediaList)

func (m Media) index() int {
	for i, other := range mediaList {
		if m == other {
			return i
		}
	}
	return -1
}

// Channel is the journey channel that an item of this medium runs over, empty for tasks.
func (m Media) Channel() journey.Channel {
	switch m {
	case Voice, Video:
		return journey.Voice
	case Callback:
		return journey.Callback
	case Chat:
		return journey.Chat
	case Message:
		return journey.SMS
	case Email:
		return journey.Email
	}
	return ""
}

// Item is a demand for a person: what Enqueue brings. T0 is the first arrival; zero means now. It never changes but by a
// transfer without keep.
type Item struct {
	ID          string            `json:"id"`
	Record      string            `json:"record,omitempty"`
	Interaction string            `json:"interaction,omitempty"` // e.g. the call's ID
	Media       Media             `json:"media"`
	Queue       string            `json:"queue"`
	Customer    string            `json:"customer,omitempty"` // handle: leg, conversation or number
	Key         string            `json:"key,omitempty"`      // a live item with the same key makes this one a duplicate
	T0          time.Time         `json:"t0,omitzero"`
	Weight      float64           `json:"weight,omitempty"`   // times the queue's weight; 0 counts as 1
	Credit      time.Duration     `json:"credit,omitempty"`   // head start
	Steps       route.Steps       `json:"steps,omitempty"`    // instead of the queue's
	From        time.Time         `json:"from,omitzero"`      // callback window: dormant before
	Until       time.Time         `json:"until,omitzero"`     // callback window: expired if not offered by then
	Attempts    int               `json:"attempts,omitempty"` // callback: dialled at most so often [3]
	Gap         time.Duration     `json:"gap,omitempty"`      // callback: dormant for so long after an attempt [10m]
	Tried       int               `json:"tried,omitempty"`    // callback: attempts that came to nothing; counted by the core
	Aside       bool              `json:"aside,omitempty"`    // dormant until converted: the customer is to be reached first
	Sticky      []Sticky          `json:"sticky,omitempty"`   // agents who are asked alone at first, for the queue's sticky time
	MaxWait     time.Duration     `json:"max_wait,omitempty"` // if shorter than the queue's; 0: the queue's
	Prefer      string            `json:"prefer,omitempty"`   // agent chosen if free and eligible, whatever the strategy
	Data        map[string]string `json:"data,omitempty"`     // for the offer; the core does not read it
}

// Sticky is an agent who knows the matter. At most eight of an item's list are looked at.
type Sticky struct {
	Agent  string    `json:"agent"`
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason,omitempty"`
}

// OfferID names an offer: an item at an epoch. The epoch grows with each change of owner, so an old name is never current.
type OfferID struct {
	Item  string
	Epoch uint64
}

// String is the item and the epoch: "i_17/2".
func (o OfferID) String() string { return o.Item + "/" + strconv.FormatUint(o.Epoch, 10) }

// ParseOfferID reads what String wrote.
func ParseOfferID(text string) (OfferID, error) {
	cut := strings.LastIndexByte(text, '/')
	if cut <= 0 {
		return OfferID{}, fmt.Errorf("offer %q: want item/epoch", text)
	}
	epoch, err := strconv.ParseUint(text[cut+1:], 10, 64)
	if err != nil {
		return OfferID{}, fmt.Errorf("offer %q: epoch: %w", text, err)
	}
	return OfferID{Item: text[:cut], Epoch: epoch}, nil
}

// QueueMode says what a queue does at present.
type QueueMode string

// The queue modes: Draining takes no new items and serves the rest, Paused also offers none.
const (
	QueueOpen     QueueMode = "open"
	QueueDraining QueueMode = "draining"
	QueuePaused   QueueMode = "paused"
)

// Why an item is refused.
const (
	RefusedClosed    = "closed"
	RefusedFull      = "full"
	RefusedNoStaff   = "no_staff"
	RefusedDuplicate = "duplicate"
	RefusedInvalid   = "invalid" // unknown queue or medium
)

// Why an agent declines, or why an offer is withdrawn or an item waits again.
const (
	ReasonReject    = "reject"
	ReasonBusy      = "busy"
	ReasonFail      = "fail"
	ReasonNoAnswer  = "noanswer"
	ReasonGone      = "gone"       // the customer left, or the offer is over
	ReasonAgent     = "agent_gone" // signed out, removed, or the device was lost
	ReasonRestart   = "restart"
	ReasonRemoved   = "removed" // queue removed from the configuration
	ReasonMaxWait   = "max_wait"
	ReasonCancel    = "cancelled"
	ReasonConnect   = "connect_timeout"
	ReasonNoReply   = "no_reply"   // the agent owed a reply for too long
	ReasonLost      = "agent_lost" // the agent's media or desk is gone, the customer is there
	ReasonUnreached = "unreached"  // the callback's attempts are used up, or one of them came to nothing
	ReasonAttempts  = "attempts"   // no attempts are left
	ReasonWindow    = "window"     // the callback's window is over
)

// Device is what an agent needs for a medium.
type Device string

// The devices: a registered phone (unusable until told), a desk (usable until told otherwise; after Restore, unusable until told).
const (
	Phone Device = "phone"
	Desk  Device = "desk"
)
