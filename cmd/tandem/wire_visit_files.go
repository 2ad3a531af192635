package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"tandem/digital"
	"tandem/digital/webchat"
	"tandem/store"
)

// visitSessions keep what visitors' tokens stand for, as documents of the store.
type visitSessions struct{ docs documents }

const visitPrefix = "visit/"

// Put implements webchat.Sessions.
func (v visitSessions) Put(ctx context.Context, hash string, s webchat.Session) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = store.AppendWait(ctx, v.docs.store, store.Batch{Now: true, Documents: []store.Document{
		{Key: visitPrefix + hash, Version: store.AnyVersion, Expires: s.Expires, Body: raw},
	}})
	return visitError(err)
}

// visitError says in the words of a page's door that the store cannot answer now.
func visitError(err error) error {
	if later(err) {
		return fmt.Errorf("%v: %w", err, webchat.ErrBusy)
	}
	return err
}

// later tells whether a store that refused something may take it later.
func later(err error) bool {
	return errors.Is(err, store.ErrUnhealthy) || errors.Is(err, store.ErrBusy) || errors.Is(err, store.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// Get implements webchat.Sessions.
func (v visitSessions) Get(_ context.Context, hash string) (s webchat.Session, err error) {
	doc, err := v.docs.store.Document(visitPrefix + hash)
	if errors.Is(err, store.ErrNotFound) {
		return s, webchat.ErrNoSession
	}
	if err != nil {
		return s, visitError(err)
	}
	return s, json.Unmarshal(doc.Body, &s)
}

// visitFiles keep attachments in a folder: one folder for each conversation, for each file its bytes and what is known of it.
type visitFiles struct{ dir string }

var refForm = regexp.MustCompile(`^[a-z0-9]{26}$`)

// path is where a file of a conversation lies; an ID or ref that could leave the folder is no file.
func (v visitFiles) path(conversation, ref string) (string, error) {
	if !refForm.MatchString(ref) || !refForm.MatchString(strings.TrimPrefix(conversation, "v_")) {
		return "", webchat.ErrNoFile
	}
	return filepath.Join(v.dir, conversation, ref), nil
}

// Put implements webchat.Files.
func (v visitFiles) Put(_ context.Context, conversation string, a digital.Attachment, content io.Reader) (string, error) {
	ref := strings.ToLower(rand.Text())
	path, err := v.path(conversation, ref)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(file, content)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		a.Ref = ref
		var raw []byte
		if raw, err = json.Marshal(a); err == nil {
			err = os.WriteFile(path+".json", raw, 0o600)
		}
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("attachment: %w", err), os.Remove(path))
	}
	return ref, nil
}

// Find implements webchat.Files.
func (v visitFiles) Find(_ context.Context, conversation, ref string) (a digital.Attachment, err error) {
	path, err := v.path(conversation, ref)
	if err != nil {
		return a, err
	}
	raw, err := os.ReadFile(path + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return a, webchat.ErrNoFile
	}
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(raw, &a)
}

// Open implements webchat.Files.
func (v visitFiles) Open(_ context.Context, conversation, ref string) (io.ReadCloser, error) {
	path, err := v.path(conversation, ref)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, webchat.ErrNoFile
	}
	return file, err
}
