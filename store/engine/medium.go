package engine

// Bucket names an ordered map of a Medium.
type Bucket string

// The buckets. Composite keys join their parts by a zero byte; numbers are big-endian so that order is numeric.
const (
	records      Bucket = "records"      // record → journey.Record without Seq and Touched
	heads        Bucket = "heads"        // record → newest seq, touched
	events       Bucket = "events"       // record, seq → journey.Event
	keys         Bucket = "keys"         // record, event key → seq
	interactions Bucket = "interactions" // interaction → record
	customers    Bucket = "customers"    // customer → journey.Customer
	identities   Bucket = "identities"   // type, value → identityRow
	byCustomer   Bucket = "by-customer"  // customer, record → nothing
	work         Bucket = "work"         // domain, order → work entry
	workHeads    Bucket = "work-heads"   // domain → newest order, trimmed order
	snapshots    Bucket = "snapshots"    // domain → snapshot
	byItem       Bucket = "by-item"      // domain, item, order → nothing
	bindings     Bucket = "bindings"     // key → expiry, body
	meta         Bucket = "meta"         // form of the data, probe
)

// Buckets lists every bucket, for a Medium to make.
func Buckets() []Bucket {
	return []Bucket{records, heads, events, keys, interactions, customers, identities, byCustomer, work, workHeads, snapshots,
		byItem, bindings, meta}
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

// Medium is an ordered key-value medium with atomic, durable transactions.
type Medium interface {
	// Update runs fn and commits; nil means durable. After an error nothing of it is visible.
	Update(fn func(Tx) error) error
	// View runs fn on a consistent snapshot.
	View(fn func(Tx) error) error
	// Reopen brings the medium into a known state after a failed Update.
	Reopen() error
	Close() error
}
