package store

import (
	"context"
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

	// UseToken takes one use of a token, if one is left: of any number of callers who want the last one, one gets it. done is
	// called as with Append. [12]
	UseToken(u Use, done func(Used)) error
	// Lease takes, renews or gives back a lease. done is called as with Append. [15]
	Lease(a LeaseAsk, done func(Leased)) error

	// Record gives one record, Seq included, or ErrNotFound.
	Record(id string) (journey.Record, error)
	// Timeline gives the events of a record with Seq > after in order of Seq, at most limit (1 to MaxRead).
	Timeline(record string, after uint64, limit int) ([]journey.Event, error)
	// RecordOf gives the id of the record that an interaction (a call id) belongs to, or ErrNotFound.
	RecordOf(interaction string) (string, error)
	// RecordOfThread gives the id of the record that a provider's thread is bound to, or ErrNotFound.
	RecordOfThread(ref string) (string, error)
	// Seen gives the record for which a Batch.Once was written within OnceKept; empty if it was not.
	Seen(once string) (record string, seen bool, err error)
	// Customer gives the whole customer that an id belongs to, merged ones included, or ErrNotFound.
	Customer(id string) (journey.Customer, error)
	// Story gives the newest events of all records of a customer, at most limit (1 to MaxRead), oldest first: records are
	// merged by time, and the events of one record stay in order of Seq.
	Story(customer string, limit int) ([]journey.Event, error)
	// Search gives records, newest first.
	Search(q Query) ([]journey.Record, error)

	// Work gives the newest snapshot of a routing domain and calls tail for each entry after it, in order. [7]
	Work(domain string, tail func(WorkEntry) error) (WorkSnapshot, error)
	// ItemHistory gives the journal entries of one work item that are still kept, in order, at most limit.
	ItemHistory(domain, item string, limit int) ([]WorkEntry, error)
	// Bindings gives the bindings that live beyond now, ordered by key. [8]
	Bindings(now time.Time) ([]Binding, error)

	// Token gives what is known of a token by its text, or ErrNotFound.
	Token(text string) (Token, error)
	// LeaseOf gives a lease as it stands, or ErrNotFound if nobody ever took it.
	LeaseOf(name string) (Leased, error)
	// Document gives one document, or ErrNotFound. [14]
	Document(key string) (Document, error)
	// Documents gives the documents whose keys begin with prefix and are greater than after, in order, at most limit.
	Documents(prefix, after string, limit int) ([]Document, error)

	// Follow calls fn for each event of the site with an order above after, in the order in which they became durable, and
	// goes on with new ones until ctx ends or fn gives an error. ErrGone: what follows after is no longer kept. [16]
	Follow(ctx context.Context, after uint64, fn func(FeedEvent) error) error
	// FeedHead gives the order of the newest event, and of the oldest that Follow still gives; 0, 1 while there is none.
	FeedHead() (newest, oldest uint64, err error)

	// Health is nil while writes become durable, else why they do not. It costs an atomic load. [10]
	Health() error
	// Close refuses new work, makes durable and answers what was accepted, and frees the files. Idempotent. [11]
	Close() error
}

// Batch is a set of writes that become durable together or not at all.
type Batch struct {
	Now      bool            // somebody waits for the receipt: events are not kept back for company
	Fence    *Fence          // refuse with ErrFenced unless this lease is still the holder's
	Once     string          // (adapter, external id): if it was written within OnceKept, nothing else is; see Receipt.Repeated
	Events   []journey.Event // Seq is ignored and assigned
	Updates  []Update
	Work     []WorkEntry // Order is ignored and assigned
	Snapshot *WorkSnapshot
	Bindings []Binding

	Tokens    []Token    // to issue; each writes token-issued into its record
	Threads   []Thread   // to bind
	Documents []Document // to write; one whose version is not the expected refuses the batch with ErrConflict
	Merges    []Merge
	Erase     []Erasure
}

// Receipt answers a Batch.
type Receipt struct {
	Err        error    // nil: everything in the batch is durable
	Seqs       []uint64 // of each event, in the order given; 0 for a dropped duplicate
	Orders     []uint64 // of each work entry, in the order given
	Duplicates int      // events dropped because their key was known
	Repeated   bool     // Batch.Once was known: nothing was written
	Documents  []uint64 // new version of each document, in the order given
}

// Update changes fields of a record, or of its customer. The empty value of a field means: as it was.
type Update struct {
	Record   string
	Seq      uint64 // of the record's newest event before this batch, else the batch gets ErrConflict; 0: whatever it is
	Customer string // attach the record to this customer
	Topic    string
	Outcome  string
	State    journey.RecordState
	Set      map[string]string                   // attributes to write; an empty value removes the attribute
	Name     string                              // of the record's customer
	Language string                              // of the record's customer
	Consent  map[journey.Channel]journey.Consent // of the record's customer; writes consent-changed into the record
	At       time.Time                           // when; becomes Closed if State is closed
}

// Contact is what is known about the customer when an interaction begins.
type Contact struct {
	Channel    journey.Channel
	Topic      string
	At         time.Time
	Identities []journey.Identity // in normal form; empty for an anonymous caller
	Token      string             // text of a token; one use is taken, and the rest of the answer waits for that
	Thread     string             // the provider's thread or the message that is answered, as in Thread.Ref
	Record     string             // force this record, where neither token nor thread tells it; unknown ones are ignored
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
	Strength    journey.Strength // of the identity or token that made the match; may data be told?
	Token       TokenState       // what came of Contact.Token; empty without one
	Merged      bool             // identities of two customers were proven together: they are one now
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
	Customer string // all ids that were merged with it count
	Before   string // records that are older than this one: for the next page
	Identity string // an identity's value in normal form, any type
	State    journey.RecordState
	Since    time.Time // opened at or after
	Limit    int       // 1 to MaxRead; 0: 50
}
