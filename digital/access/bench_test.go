package access

import "testing"

// BenchmarkPassword is what a login costs.
func BenchmarkPassword(b *testing.B) {
	h := newHasher(1, 1, newMetrics(nil))
	for b.Loop() {
		if _, err := h.check(b.Context(), goodPassword, nobody); err != nil {
			b.Fatal(err)
		}
	}
}
