package store

import (
	"time"

	"tandem/store/journey"
)

// Store keeps records, their timelines, the work journal and the registrar's bindings. The numbers in the method comments
// are those of the package's contract.
type Store interface {
	// Append hands a batch to the writer and returns at once. done is called exactly once when nil was returned, and never
	// otherwise: from the writer, without a lock held, after the batch is durable (Receipt.Err nil) or refused. [1-5, 9, 10]
	Append(b Batch, done func(Receipt)) error
	// Resolve finds or creates the customer and the record of an interaction. It is ordered with Append: two resolutions of
	// one unknown number give one customer. done is called as with Append, after what was created is durable, or with
	// Contact.Early before Resolve returns. [6]
	Resolve(c Contact, done func(Resolution)) error

	// Record gives one record, Seq included, or ErrNotFound.
	Record(id string) (journey.Record, error)
	// Timeline gives the events of a record with Seq > after in order of Seq, at most limit (1 to MaxRead).
	Timeline(record string, after uint64, limit int) ([]journey.Event, error)
	// RecordOf gives the id of the record that an interaction (a call id) belongs to, or ErrNotFound.
	RecordOf(interaction string) (string, error)
	// Customer gives one customer with identities, or ErrNotFound.
	Customer(id string) (journey.Customer, error)
	// Search gives records, newest first.
	Search(q Query) ([]journey.Record, error)

	// Work gives the newest snapshot of a routing domain and calls tail for each entry after it, in order. [7]
	Work(domain string, tail func(WorkEntry) error) (WorkSnapshot, error)
	// ItemHistory gives the journal entries of one work item that are still kept, in order, at most limit.
	ItemHistory(domain, item string, limit int) ([]WorkEntry, error)
	// Bindings gives the bindings that live beyond now, ordered by key. [8]
	Bindings(now time.Time) ([]Binding, error)

	// Health is nil while writes become durable, else why they do not. It costs an atomic load. [10]
	Health() error
	// Close refuses new work, makes durable and answers what was accepted, and frees the files. Idempotent. [11]
	Close() error
}

// Batch is a set of writes that become durable together or not at all.
type Batch struct {
	Now      bool            // somebody waits for the receipt: events are not kept back for company
	Events   []journey.Event // Seq is ignored and assigned
	Updates  []Update
	Work     []WorkEntry // Order is ignored and assigned
	Snapshot *WorkSnapshot
	Bindings []Binding
}

// Receipt answers a Batch.
type Receipt struct {
	Err        error    // nil: everything in the batch is durable
	Seqs       []uint64 // of each event, in the order given; 0 for a dropped duplicate
	Orders     []uint64 // of each work entry, in the order given
	Duplicates int      // events dropped because their key was known
}

// Update changes fields of a record, or of its customer. The empty value of a field means: as it was.
type Update struct {
	Record   string
	Customer string // attach the record to this customer
	Topic    string
	Outcome  string
	State    journey.RecordState
	Set      map[string]string // attributes to write; an empty value removes the attribute
	Name     string            // of the record's customer
	Language string            // of the record's customer
	At       time.Time         // when; becomes Closed if State is closed
}

// Contact is what is known about the customer when an interaction begins.
type Contact struct {
	Channel    journey.Channel
	Topic      string
	At         time.Time
	Identities []journey.Identity // in normal form; empty for an anonymous caller
	Record     string             // force this record (a token, a known thread); unknown ones are ignored
	Window     time.Duration      // continuity window; 0: journey.ContinuityWindow
	Early      bool               // answer when it is decided; it is durable before anything that is appended afterwards
}

// Resolution answers a Contact.
type Resolution struct {
	Err         error
	Customer    string // empty for an anonymous caller
	Record      string
	NewCustomer bool
	NewRecord   bool
	Reopened    bool
	Ambiguous   bool             // several customers matched; the strongest, then newest link won
	Strength    journey.Strength // of the identity that made the match; may data be told?
}

// WorkEntry is one line of a routing domain's journal: an opaque blob of the dispatcher.
type WorkEntry struct {
	Domain  string
	Order   uint64 // gapless per domain, first is 1
	Item    string // the work item concerned; may be empty
	Version int    // of the body's form
	Body    []byte
}

// WorkSnapshot is the dispatcher's state after entry Order. It replaces the older one of its domain.
type WorkSnapshot struct {
	Domain  string
	Order   uint64 // 0: no snapshot
	Version int
	Body    []byte
	Trim    uint64 // entries up to this order, which must be ≤ Order, may be forgotten; 0: none
}

// Binding is an opaque blob with an end of life. An empty body removes it.
type Binding struct {
	Key     string
	Expires time.Time
	Body    []byte
}

// Query selects records. Empty fields select everything; set ones must all match.
type Query struct {
	Text     string // part of id, topic, outcome, an attribute, the customer's name or an identity
	Customer string
	Identity string // an identity's value in normal form, any type
	State    journey.RecordState
	Since    time.Time // opened at or after
	Limit    int       // 1 to MaxRead; 0: 50
}
