package acd

import (
	"time"

	"tandem/acd/route"
)

// QueueView is a copy of what a queue is doing, for readers.
type QueueView struct {
	Name      string         `json:"name"`
	Mode      QueueMode      `json:"mode"`
	Waiting   int            `json:"waiting"`
	Dormant   int            `json:"dormant"` // callbacks before their time
	Parked    int            `json:"parked"`  // threads laid aside, waking ones too
	Offered   int            `json:"offered"`
	Active    int            `json:"active"` // connecting, active and wrap-up
	Oldest    time.Duration  `json:"oldest"` // since first arrival
	Members   int            `json:"members"`
	Staffed   int            `json:"staffed"` // members signed in
	Free      int            `json:"free"`    // members who could take an item of some medium now
	Estimate  route.Estimate `json:"estimate"`
	Answered  uint64         `json:"answered"` // since start
	Abandoned uint64         `json:"abandoned"`
}

// AgentView is a copy of what an agent is doing, for readers.
type AgentView struct {
	ID        string    `json:"id"`
	Name      string    `json:"name,omitempty"`
	Endpoint  string    `json:"endpoint,omitempty"`
	State     string    `json:"state"`
	Reason    string    `json:"reason,omitempty"`
	Since     time.Time `json:"since"` // in this state
	IdleSince time.Time `json:"idle_since"`
	Phone     bool      `json:"phone"` // usable
	Desk      bool      `json:"desk"`
	Load      int       `json:"load"`
	Budget    int       `json:"budget"`
	Parked    int       `json:"parked"`    // of the items, those that are laid aside
	Elsewhere int       `json:"elsewhere"` // calls and conversations that are no items; load does not count them
	Queues    []string  `json:"queues"`
	Items     []string  `json:"items"`
}

// ItemView is a copy of an item, for readers. Position is zero unless it waits; for a callback whose customer is reached
// first, position and estimate are what they would be if it waited, and Free is how many agents could take it at once.
type ItemView struct {
	Item     Item           `json:"item"`
	State    ItemState      `json:"state"`
	Epoch    uint64         `json:"epoch"`
	Agent    string         `json:"agent,omitempty"`
	T0       time.Time      `json:"t0"`
	Entered  time.Time      `json:"entered"` // the present queue
	Position int            `json:"position"`
	Step     int            `json:"step"`
	Need     string         `json:"need"`
	Urgency  float64        `json:"urgency"`
	Estimate route.Estimate `json:"estimate"`

	Free      int    `json:"free"`
	Named     *Named `json:"named,omitempty"` // asked alone at present
	Recovered bool   `json:"recovered,omitempty"`
}

// Explanation is what is known about an item's routing: the decisions kept, oldest first, and what it waits for now.
type Explanation struct {
	Item      string     `json:"item"`
	Decisions []Decision `json:"decisions"`
	Waiting   string     `json:"waiting,omitempty"`
}

// Decision is one routing decision with what was considered.
type Decision struct {
	At       time.Time     `json:"at"`
	What     string        `json:"what"` // offered, queued, dormant, relaxed, skipped, released, refused, missed, ended
	Item     string        `json:"item"`
	Epoch    uint64        `json:"epoch"`
	Queue    string        `json:"queue"`
	Agent    string        `json:"agent,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	Need     string        `json:"need,omitempty"`
	Urgency  float64       `json:"urgency,omitempty"`
	Waited   time.Duration `json:"waited,omitempty"`
	Free     int           `json:"free"`             // agents free for the item
	Excluded int           `json:"excluded"`         // of those, spared the item
	Next     string        `json:"next,omitempty"`   // the item that came second, if any
	NextU    float64       `json:"next_u,omitempty"` // its urgency
}
