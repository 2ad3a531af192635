package access

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is Documents that last as long as the process: for tests, and for a door without a store.
type Memory struct {
	most int

	mu   sync.Mutex
	docs map[string]Document
	last uint64
}

// NewMemory makes room for at most so many documents.
func NewMemory(most int) *Memory { return &Memory{most: most, docs: map[string]Document{}} }

func (m *Memory) liveLocked(key string) (Document, bool) {
	d, ok := m.docs[key]
	if ok && !d.Expires.IsZero() && !time.Now().Before(d.Expires) {
		delete(m.docs, key)
		return Document{}, false
	}
	return d, ok
}

// Get implements Documents.
func (m *Memory) Get(_ context.Context, key string) (Document, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.liveLocked(key)
	if !ok {
		return Document{}, ErrNotFound
	}
	d.Body = bytes.Clone(d.Body)
	return d, nil
}

// Put implements Documents.
func (m *Memory) Put(_ context.Context, d Document) (uint64, error) {
	if len(d.Key) == 0 || len(d.Key) > 128 || len(d.Body) > MaxDocument {
		return 0, fmt.Errorf("document %q of %d bytes: beyond the limits", d.Key, len(d.Body))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, _ := m.liveLocked(d.Key)
	if old.Version != d.Version {
		return 0, ErrVersion
	}
	if old.Version == 0 && len(m.docs) >= m.most {
		m.sweepLocked()
		if len(m.docs) >= m.most {
			return 0, fmt.Errorf("%d documents: full", m.most)
		}
	}
	m.last++
	d.Version, d.Body = m.last, bytes.Clone(d.Body)
	m.docs[d.Key] = d
	return d.Version, nil
}

func (m *Memory) sweepLocked() {
	for key := range m.docs {
		m.liveLocked(key)
	}
}

// Delete implements Documents.
func (m *Memory) Delete(_ context.Context, key string, version uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.liveLocked(key)
	if !ok {
		return ErrNotFound
	}
	if version != 0 && version != d.Version {
		return ErrVersion
	}
	delete(m.docs, key)
	return nil
}

// List implements Documents.
func (m *Memory) List(_ context.Context, prefix, after string, limit int) ([]Document, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Document
	for key := range m.docs {
		if d, ok := m.liveLocked(key); ok && strings.HasPrefix(key, prefix) && key > after {
			d.Body = bytes.Clone(d.Body)
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Document) int { return strings.Compare(a.Key, b.Key) })
	return out[:min(limit, len(out))], nil
}
