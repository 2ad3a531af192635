package route

// Slot is what one live item costs its agent and how it stands to others.
type Slot struct {
	Weight int    // of the agent's budget, usually 100
	Max    int    // most live items of this medium at once
	Over   uint32 // bit m set: may be given while an item of medium m is live
}

// Load is what an agent carries: the number of live items by medium, and their weight together.
type Load struct {
	Count  []int // by medium index
	Idle   []int // of these, laid aside: they stand in nobody's way; nil: none
	Weight int
}

// Fits tells whether an item of medium m may be given to an agent with this load: below the medium's own maximum, within
// the budget, and allowed beside every medium that is live and not laid aside. Offered items count as live.
func (l Load) Fits(m int, slot Slot, budget int) bool {
	if l.Count[m] >= slot.Max || l.Weight+slot.Weight > budget {
		return false
	}
	for other, n := range l.Count {
		if other < len(l.Idle) {
			n -= l.Idle[other]
		}
		if n > 0 && slot.Over&(1<<other) == 0 {
			return false
		}
	}
	return true
}
