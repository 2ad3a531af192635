package webchat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/digital"
)

// sniffed is how much of a file is looked at to find out what it is.
const sniffed = 512

// bearer finds the session of a request.
func (r *Room) bearer(req *http.Request) (Session, error) {
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if !ok || len(token) > tokenBytes {
		return Session{}, ErrNoSession
	}
	s, err := r.Sessions.Get(req.Context(), hashOf(token))
	if err == nil && s.Expires.Before(time.Now()) {
		return s, ErrNoSession
	}
	return s, err
}

// unproven answers a request whose token is worth nothing, or cannot be looked up: then a page keeps it.
func (r *Room) unproven(w http.ResponseWriter, err error) {
	if _, again := codeOf(err); !again {
		r.deny(w, http.StatusUnauthorized, CodeSession)
		return
	}
	r.turnAway(w, err)
}

// turnAway answers what cannot be done now, or not at all.
func (r *Room) turnAway(w http.ResponseWriter, err error) {
	code, again := codeOf(err)
	if again {
		r.away.Failed(err)
		w.Header().Set("Retry-After", strconv.Itoa(int(busyPause/time.Second)))
	}
	r.deny(w, http.StatusServiceUnavailable, code)
}

// upload stores a file of a visitor.
func (r *Room) upload(w http.ResponseWriter, req *http.Request) {
	s, err := r.bearer(req)
	if err != nil {
		r.unproven(w, err)
		return
	}
	r.TakeFile(w, req, s.Conversation)
}

// TakeFile stores the body of a request, named by ?name=, as a file of a conversation; who asks was proven before. What it is, is what its
// bytes say. The answer is the digital.Attachment.
func (r *Room) TakeFile(w http.ResponseWriter, req *http.Request, conversation string) {
	if r.cfg.Files == 0 || r.cfg.FileBytes == 0 {
		r.deny(w, http.StatusForbidden, CodeFile)
		return
	}
	if after, ok := r.uploads.take(conversation, time.Now()); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())+1))
		r.deny(w, http.StatusTooManyRequests, CodeRate)
		return
	}
	if req.ContentLength > r.cfg.FileBytes {
		r.deny(w, http.StatusRequestEntityTooLarge, CodeTooLong)
		return
	}
	a, err := r.store(req.Context(), conversation, fileName(req.URL.Query().Get("name")), http.MaxBytesReader(w, req.Body, r.cfg.FileBytes))
	var big *http.MaxBytesError
	switch {
	case err == nil:
	case errors.As(err, &big):
		r.deny(w, http.StatusRequestEntityTooLarge, CodeTooLong)
		return
	case errors.Is(err, errType):
		r.deny(w, http.StatusUnsupportedMediaType, CodeFile)
		return
	default:
		r.unstored.Failed(err)
		r.deny(w, http.StatusServiceUnavailable, CodeBusy)
		return
	}
	r.metrics.uploads.Inc()
	r.unstored.Worked()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(a) // a page that is gone asks again
}

// errType says that a file is of a type that is not taken.
var errType = errors.New("type not taken")

// store looks at the first bytes and hands the file on as it comes.
func (r *Room) store(ctx context.Context, conversation, name string, body io.Reader) (digital.Attachment, error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		if errors.Is(err, io.EOF) {
			err = errType
		}
		return digital.Attachment{}, err
	}
	kind, _, _ := mime.ParseMediaType(http.DetectContentType(head[:n]))
	if !slices.Contains(r.cfg.FileTypes, kind) {
		return digital.Attachment{}, fmt.Errorf("%s: %w", kind, errType)
	}
	counted := &counter{r: io.MultiReader(bytes.NewReader(head[:n]), body)}
	a := digital.Attachment{Name: name, Type: kind}
	if a.Ref, err = r.Files.Put(ctx, conversation, a, counted); err != nil {
		if counted.err != nil {
			err = counted.err // what the visitor did, not what the store made of it
		}
		return a, err
	}
	if counted.err != nil {
		return a, counted.err
	}
	a.Size = counted.n
	return a, nil
}

// counter counts what is read and keeps the fault of the far side.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// fileName is the last part of a name, as text, of a bearable length.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(digital.Clean(name), `\`, "/"))
	if runes := []rune(name); len(runes) > digital.MaxName {
		name = string(runes[:digital.MaxName])
	}
	if name == "." || name == "/" || name == ".." {
		return "file"
	}
	return strings.ReplaceAll(name, "\n", " ")
}

func (r *Room) deny(w http.ResponseWriter, status int, code string) {
	r.metrics.refused.WithLabelValues(code).Inc()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(refusal{T: "error", Code: code}) // as above
}

// shownInline are the types that a page may show; all others are saved.
var shownInline = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// download gives a visitor a file of his conversation.
func (r *Room) download(w http.ResponseWriter, req *http.Request) {
	s, err := r.bearer(req)
	if err != nil {
		r.unproven(w, err)
		return
	}
	r.GiveFile(w, req, s.Conversation, path.Base(req.URL.Path))
}

// GiveFile answers a request with a file of a conversation; who asks was proven before. It never becomes a page of ours.
func (r *Room) GiveFile(w http.ResponseWriter, req *http.Request, conversation, ref string) {
	a, err := r.Files.Find(req.Context(), conversation, ref)
	if err != nil {
		r.deny(w, http.StatusNotFound, CodeFile)
		return
	}
	content, err := r.Files.Open(req.Context(), conversation, ref)
	if err != nil {
		r.deny(w, http.StatusServiceUnavailable, CodeBusy)
		return
	}
	defer content.Close()
	show := "attachment"
	if slices.Contains(shownInline, a.Type) {
		show = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", a.Type)
	h.Set("Content-Disposition", mime.FormatMediaType(show, map[string]string{"filename": a.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
	_, _ = io.Copy(w, content) // a page that is gone asks again
}
