package engine

import (
	"context"
	"time"
)

// Bucket names an ordered map of a Medium.
type Bucket string

// The buckets. Composite keys join their parts by a zero byte; numbers are big-endian so that order is numeric.
const (
	records      Bucket = "records"      // record → journey.Record without Seq and Touched, attributes sealed
	heads        Bucket = "heads"        // record → newest seq, touched, slot of its data key
	events       Bucket = "events"       // record, seq → journey.Event, what is personal sealed
	keys         Bucket = "keys"         // record, event key → seq
	interactions Bucket = "interactions" // interaction → record
	customers    Bucket = "customers"    // customer → journey.Customer, sealed but for id and end
	identities   Bucket = "identities"   // code of type and value → identityRow
	byCustomer   Bucket = "by-customer"  // customer, record → nothing
	work         Bucket = "work"         // domain, order → work entry
	workHeads    Bucket = "work-heads"   // domain → newest order, trimmed order
	snapshots    Bucket = "snapshots"    // domain → snapshot
	byItem       Bucket = "by-item"      // domain, item, order → nothing
	bindings     Bucket = "bindings"     // key → expiry, body
	meta         Bucket = "meta"         // form of the data, probe, counters
	vault        Bucket = "vault"        // slot → data key; 0 is the site's own
	threads      Bucket = "threads"      // code of reference → record
	onces        Bucket = "onces"        // Batch.Once → end, record
	tokens       Bucket = "tokens"       // hash → tokenRow, bound identity sealed
	documents    Bucket = "documents"    // key → version, end, body
	expiries     Bucket = "expiries"     // end, kind, key → nothing
	leases       Bucket = "leases"       // name → store.Leased
	edges        Bucket = "edges"        // customer, customer → who merged them and why; both ways
	roots        Bucket = "roots"        // customer → the customer that stands for it, of those that were merged
	members      Bucket = "members"      // standing customer, customer → nothing; where there are several
	feed         Bucket = "feed"         // order of the first → (record, seq) of the events of one commit
)

// Shape tells a Medium how a bucket is used.
type Shape int

// The shapes.
const (
	Table   Shape = iota // never scanned
	Sorted               // scanned, with values
	Set                  // scanned, the value says nothing
	Journal              // scanned; a key is a prefix and a number of 8 bytes that grows, a value is written once
)

// Shape gives the bucket's shape.
func (b Bucket) Shape() Shape {
	switch b {
	case records, bindings, documents, leases, edges:
		return Sorted
	case byCustomer, byItem, expiries, members:
		return Set
	case events, work, feed:
		return Journal
	default:
		return Table
	}
}

// Vault tells whether the bucket holds data keys: a medium keeps it where nothing stays of what was deleted or written over.
func (b Bucket) Vault() bool { return b == vault }

// Buckets lists every bucket, for a Medium to make.
func Buckets() []Bucket {
	return []Bucket{records, heads, events, keys, interactions, customers, identities, byCustomer, work, workHeads, snapshots,
		byItem, bindings, meta, vault, threads, onces, tokens, documents, expiries, leases, edges, roots, members, feed}
}

// Tx reads and, inside Medium.Update, writes. Slices that it gives are valid until the transaction ends; slices that it takes
// must not change until then.
type Tx interface {
	// Get gives the value of a key, or nil.
	Get(b Bucket, key []byte) []byte
	Put(b Bucket, key, value []byte) error
	Delete(b Bucket, key []byte) error
	// Scan calls fn for each pair whose key begins with prefix and is ≥ from (≤ from with Reverse; a nil from means the end
	// where the scan begins), until fn gives false. fn does not write.
	Scan(b Bucket, s Range, fn func(key, value []byte) bool)
}

// Range selects the pairs of a scan.
type Range struct {
	Prefix  []byte
	From    []byte
	Reverse bool
}

// Ref names a pair that is about to be read.
type Ref struct {
	Bucket Bucket
	Key    []byte
	New    bool // it is probably not there
}

// Remote is what the Tx of a Medium beyond the network has besides. Such a medium is shared with other processes: it runs the
// function of an Update again when somebody else changed what was read by Get; what Scan gave is not looked at again.
type Remote interface {
	// Fetch reads pairs together, so that Get finds them without another round trip.
	Fetch(list []Ref) error
	// Log appends a value to feed, numbers it by count and forgets what is more than keep behind.
	Log(count int, value []byte, keep uint64)
	// Bounds gives the newest and the oldest number of feed.
	Bounds() (newest, oldest uint64, err error)
	// Slot gives a number for a data key that was never given before.
	Slot() uint64
	// Count gives the number of pairs in a bucket.
	Count(b Bucket) (int, error)
	// Now is the medium's clock, the same for all processes.
	Now() (time.Time, error)
	// Err is the first fault of a read: what was read after it is not to be trusted.
	Err() error
}

// Watcher is what a shared Medium has besides: until ctx ends, Watch calls changed when any process appended to feed, or with
// the fault that keeps it from seeing that.
type Watcher interface {
	Watch(ctx context.Context, changed func(error))
}

// Medium is an ordered key-value medium with atomic, durable transactions.
type Medium interface {
	// Update runs fn and commits; nil means durable. After an error nothing of it is visible.
	Update(fn func(Tx) error) error
	// View runs fn on a consistent snapshot; a Remote one gives each round trip its own moment.
	View(fn func(Tx) error) error
	// Reopen brings the medium into a known state after a failed Update.
	Reopen() error
	Close() error
}
