package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// attempts of a compare-and-set before it is given up: so many writers at one document are a fault elsewhere.
const attempts = 8

// load reads a document into a value.
func load[T any](ctx context.Context, docs Documents, key string) (v T, d Document, err error) {
	d, err = docs.Get(ctx, key)
	if err != nil {
		return v, d, err
	}
	v, err = decode[T](d)
	return v, d, err
}

func decode[T any](d Document) (v T, err error) {
	if err := json.Unmarshal(d.Body, &v); err != nil {
		return v, fmt.Errorf("document %s: %w", d.Key, err)
	}
	return v, nil
}

// save writes a value over the given version (0: it must be new).
func save[T any](ctx context.Context, docs Documents, d Document, v T) (uint64, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("document %s: %w", d.Key, err)
	}
	d.Body = body
	return docs.Put(ctx, d)
}

// change applies fn to a stored value until nobody else came between. version, if not 0, must be what is stored.
func change[T any](ctx context.Context, docs Documents, key string, version uint64, fn func(*T) error) (v T, now uint64, err error) {
	for range attempts {
		var d Document
		v, d, err = load[T](ctx, docs, key)
		if err != nil {
			return v, 0, err
		}
		if version != 0 && version != d.Version {
			return v, d.Version, ErrVersion
		}
		if err := fn(&v); err != nil {
			return v, d.Version, err
		}
		now, err = save(ctx, docs, d, v)
		if !errors.Is(err, ErrVersion) {
			return v, now, err
		}
	}
	return v, 0, err
}

func expired(at time.Time) bool { return !at.IsZero() && !time.Now().Before(at) }

// each calls fn for every document whose key begins with prefix, by key.
func each(ctx context.Context, docs Documents, prefix string, fn func(Document) error) error {
	after := ""
	for {
		part, err := docs.List(ctx, prefix, after, MaxList)
		if err != nil {
			return err
		}
		for _, d := range part {
			if err := fn(d); err != nil {
				return err
			}
			after = d.Key
		}
		if len(part) < MaxList {
			return nil
		}
	}
}

// count tells how many documents there are below a prefix.
func count(ctx context.Context, docs Documents, prefix string) (n int, err error) {
	err = each(ctx, docs, prefix, func(Document) error {
		n++
		return nil
	})
	return n, err
}
