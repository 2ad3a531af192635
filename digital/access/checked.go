package access

import (
	"context"
	"errors"
	"fmt"
)

// ErrStore says that documents could not be read or written: nobody's fault who asks.
var ErrStore = errors.New("the store cannot answer")

// checked names the errors of a medium.
type checked struct{ docs Documents }

// Checked gives documents whose errors beside ErrNotFound and ErrVersion are ErrStore too.
func Checked(docs Documents) Documents {
	if c, done := docs.(checked); done {
		return c
	}
	return checked{docs}
}

func ofStore(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) || errors.Is(err, ErrVersion) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrStore, err)
}

// Get implements Documents.
func (c checked) Get(ctx context.Context, key string) (Document, error) {
	d, err := c.docs.Get(ctx, key)
	return d, ofStore(err)
}

// Put implements Documents.
func (c checked) Put(ctx context.Context, d Document) (uint64, error) {
	version, err := c.docs.Put(ctx, d)
	return version, ofStore(err)
}

// Delete implements Documents.
func (c checked) Delete(ctx context.Context, key string, version uint64) error {
	return ofStore(c.docs.Delete(ctx, key, version))
}

// List implements Documents.
func (c checked) List(ctx context.Context, prefix, after string, limit int) ([]Document, error) {
	docs, err := c.docs.List(ctx, prefix, after, limit)
	return docs, ofStore(err)
}
