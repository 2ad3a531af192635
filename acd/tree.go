package acd

// key orders a tree: a, then b, then the ID. No two entries of a tree have the same ID.
type key struct {
	a, b int64
	id   string
}

func (k key) less(o key) bool {
	if k.a != o.a {
		return k.a < o.a
	}
	if k.b != o.b {
		return k.b < o.b
	}
	return k.id < o.id
}

// node is an entry of a tree; it lives inside the thing it stands for, so that inserting allocates nothing.
type node[V any] struct {
	key         key
	val         V
	left, right *node[V]
	weight      uint32 // heap order: parents weigh more
	size        int32  // of the subtree
}

// tree is an ordered list with ranks: a treap. Insert, remove and rank cost O(log n), the first entry O(1).
// It is owned by whoever owns the State.
type tree[V any] struct {
	root, head *node[V]
	seed       uint32
}

func (t *tree[V]) len() int { return int(t.root.count()) }

func (n *node[V]) count() int32 {
	if n == nil {
		return 0
	}
	return n.size
}

func (n *node[V]) recount() { n.size = 1 + n.left.count() + n.right.count() }

// first is the smallest entry, nil when empty.
func (t *tree[V]) first() *node[V] { return t.head }

// insert adds a node that is in no tree.
func (t *tree[V]) insert(n *node[V]) {
	t.seed = t.seed*1664525 + 1013904223
	n.weight, n.left, n.right, n.size = t.seed, nil, nil, 1
	t.root = insertAt(t.root, n)
	if t.head == nil || n.key.less(t.head.key) {
		t.head = n
	}
}

func insertAt[V any](at, n *node[V]) *node[V] {
	if at == nil {
		return n
	}
	if n.weight > at.weight {
		n.left, n.right = split(at, n.key)
		n.recount()
		return n
	}
	if n.key.less(at.key) {
		at.left = insertAt(at.left, n)
	} else {
		at.right = insertAt(at.right, n)
	}
	at.size++
	return at
}

// split parts a subtree into the entries below k and the rest.
func split[V any](at *node[V], k key) (below, rest *node[V]) {
	if at == nil {
		return nil, nil
	}
	if at.key.less(k) {
		at.right, rest = split(at.right, k)
		at.recount()
		return at, rest
	}
	below, at.left = split(at.left, k)
	at.recount()
	return below, at
}

// remove takes a node out that is in this tree.
func (t *tree[V]) remove(n *node[V]) {
	t.root = removeAt(t.root, n)
	if t.head == n {
		t.head = t.root
		for t.head != nil && t.head.left != nil {
			t.head = t.head.left
		}
	}
	n.left, n.right = nil, nil
}

func removeAt[V any](at, n *node[V]) *node[V] {
	if at == n {
		return join(at.left, at.right)
	}
	if n.key.less(at.key) {
		at.left = removeAt(at.left, n)
	} else {
		at.right = removeAt(at.right, n)
	}
	at.size--
	return at
}

// join puts two subtrees together, all of a before all of b.
func join[V any](a, b *node[V]) *node[V] {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	if a.weight > b.weight {
		a.right = join(a.right, b)
		a.recount()
		return a
	}
	b.left = join(a, b.left)
	b.recount()
	return b
}

// below counts the entries that come before k.
func (t *tree[V]) below(k key) int {
	n, total := t.root, int32(0)
	for n != nil {
		if n.key.less(k) {
			total += n.left.count() + 1
			n = n.right
		} else {
			n = n.left
		}
	}
	return int(total)
}

// at returns the entry with i entries before it, nil when there is none.
func (t *tree[V]) at(i int) *node[V] {
	n := t.root
	for n != nil {
		switch left := int(n.left.count()); {
		case i < left:
			n = n.left
		case i == left:
			return n
		default:
			i -= left + 1
			n = n.right
		}
	}
	return nil
}
