package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tandem/digital/access"
	"tandem/digital/outage"
)

const (
	keyHeader    = "Idempotency-Key"
	maxKey       = 200
	keepResult   = 24 * time.Hour
	bodyPatience = 10 * time.Second
	slowest      = 2 * time.Minute // a request that began longer ago has been cut off
)

// once gives a POST with an Idempotency-Key its effect once: it writes down that the request begins, lets it through, and keeps its result.
type once struct {
	docs access.Documents
	away *outage.Log
	m    *metrics
}

// result is what is kept of a request. Body is of a finished one, unless it was secret or too long.
type result struct {
	Print  string      `json:"print"` // of method, path, query and body
	Began  time.Time   `json:"began"`
	Done   bool        `json:"done,omitempty"`
	Kept   bool        `json:"kept,omitempty"`
	Status int         `json:"status,omitempty"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

func (o *once) middleware(rows map[string]row) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		row := rows[ctx.Operation().OperationID]
		key := ctx.Header(keyHeader)
		if key == "" || !row.keyed() {
			next(ctx)
			return
		}
		r, w := humago.Unwrap(ctx)
		if !printable(key) {
			access.WriteProblem(w, r, access.Problem{Status: http.StatusUnprocessableEntity, Detail: "the Idempotency-Key is not 1 to 200 printable ASCII characters",
				Do: "use a UUID"})
			return
		}
		_ = ctx.SetReadDeadline(time.Now().Add(bodyPatience)) // a connection without deadlines is none of the network's
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		var long *http.MaxBytesError
		if errors.As(err, &long) || len(body) > maxBody {
			access.WriteProblem(w, r, access.TooLarge(maxBody))
			return
		}
		if err != nil {
			access.WriteProblem(w, r, access.Problem{Status: http.StatusBadRequest, Detail: "the body did not arrive", Do: "send it again"})
			return
		}
		_ = ctx.SetReadDeadline(time.Time{})
		r.Body = io.NopCloser(bytes.NewReader(body))
		o.run(ctx, next, keyed{doc: docKey(ctx.Context(), key), print: fingerprint(r, body), secret: row.flags&secret != 0})
	}
}

// keyed is a request with its key.
type keyed struct {
	doc, print string
	secret     bool
}

func printable(key string) bool {
	for i := range len(key) {
		if key[i] < 0x21 || key[i] > 0x7e {
			return false
		}
	}
	return len(key) > 0 && len(key) <= maxKey
}

// docKey names a key's document: each principal has keys of its own.
func docKey(ctx context.Context, key string) string {
	p, _ := access.From(ctx)
	owner := p.By + "/" + p.User
	if p.By == access.ByToken {
		owner = p.By + "/" + p.ID
	}
	sum := sha256.Sum256([]byte(owner + "\x00" + key))
	return "api/once/" + hex.EncodeToString(sum[:20])
}

func fingerprint(r *http.Request, body []byte) string {
	h := sha256.New()
	io.WriteString(h, r.Method+"\x00"+r.URL.Path+"\x00"+r.URL.RawQuery+"\x00")
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func (o *once) run(ctx huma.Context, next func(huma.Context), k keyed) {
	r, w := humago.Unwrap(ctx)
	d := access.Document{Key: k.doc, Expires: time.Now().Add(keepResult)}
	begun := result{Print: k.print, Began: time.Now().UTC()}
	version, err := o.put(ctx.Context(), d, begun)
	if errors.Is(err, access.ErrVersion) {
		o.again(ctx, k)
		return
	}
	if err != nil {
		o.m.internal.Inc()
		o.away.Failed(fmt.Errorf("idempotency key not written: %w", err), "request", access.RequestID(r.Context()))
		access.WriteProblem(w, r, access.Problem{Status: http.StatusServiceUnavailable, Detail: "the store cannot remember the Idempotency-Key: nothing was done",
			RetryAfter: 5 * time.Second, Do: "try again with the same key"})
		return
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx.Context()), slowest/2) // it is done also when the asker has gone
	defer cancel()
	c := &capture{below: ctx, ctx: work, header: http.Header{}}
	next(c)
	d.Version = version
	o.finish(context.WithoutCancel(ctx.Context()), d, begun, c, k.secret)
	c.replay(w, false)
}

// finish keeps a result. What was refused for want of room has had no effect: its key is free again.
func (o *once) finish(ctx context.Context, d access.Document, res result, c *capture, secret bool) {
	var err error
	if c.status == http.StatusServiceUnavailable || c.status == http.StatusTooManyRequests {
		err = o.docs.Delete(ctx, d.Key, d.Version)
	} else {
		res.Done, res.Status = true, c.status
		if res.Kept = !secret && c.body.Len() <= access.MaxDocument/2; res.Kept {
			res.Header, res.Body = c.header, c.body.Bytes()
		}
		_, err = o.put(ctx, d, res)
	}
	if err != nil {
		o.away.Failed(fmt.Errorf("result of an idempotency key not kept: %w", err))
	}
}

func (o *once) put(ctx context.Context, d access.Document, res result) (uint64, error) {
	body, err := json.Marshal(res)
	if err != nil {
		return 0, err
	}
	d.Body = body
	return o.docs.Put(ctx, d)
}

// again answers a key that was seen before.
func (o *once) again(ctx huma.Context, k keyed) {
	r, w := humago.Unwrap(ctx)
	d, err := o.docs.Get(ctx.Context(), k.doc)
	var res result
	if err == nil {
		err = json.Unmarshal(d.Body, &res)
	}
	var p access.Problem
	switch {
	case err != nil:
		p = access.Problem{Status: http.StatusServiceUnavailable, Detail: "the first result cannot be read", RetryAfter: time.Second, Do: "try again with the same key"}
	case res.Print != k.print:
		o.m.once.WithLabelValues("other").Inc()
		p = access.Problem{Status: http.StatusUnprocessableEntity, Detail: "this Idempotency-Key was used for another request",
			Do: "use a new key for a new request; send the very same request to learn its result"}
	case !res.Done && time.Since(res.Began) > slowest:
		p = access.Problem{Status: http.StatusConflict, Detail: "the first request with this Idempotency-Key was cut off; it may have had its effect",
			Do: "look whether it had, then use a new key"}
	case !res.Done:
		o.m.once.WithLabelValues("running").Inc()
		p = access.Problem{Status: http.StatusConflict, Detail: "the first request with this Idempotency-Key is still running", RetryAfter: time.Second,
			Do: "send the same request again to learn its result"}
	case !res.Kept:
		p = access.Problem{Status: http.StatusConflict, Detail: "the request was done; its result was shown once",
			Do: "if the result is lost, revoke what was made and use a new key"}
	default:
		o.m.once.WithLabelValues("replayed").Inc()
		c := &capture{status: res.Status, header: res.Header}
		c.body.Write(res.Body)
		c.replay(w, true)
		return
	}
	access.WriteProblem(w, r, p)
}

// below is the context that a capture stands on.
type below = huma.Context

// capture keeps an answer back until it is written down.
type capture struct {
	below
	ctx    context.Context
	status int
	header http.Header
	body   bytes.Buffer
}

// Context implements huma.Context.
func (c *capture) Context() context.Context { return c.ctx }

// SetStatus implements huma.Context.
func (c *capture) SetStatus(status int) { c.status = status }

// Status implements huma.Context.
func (c *capture) Status() int { return c.status }

// SetHeader implements huma.Context.
func (c *capture) SetHeader(name, value string) { c.header.Set(name, value) }

// AppendHeader implements huma.Context.
func (c *capture) AppendHeader(name, value string) { c.header.Add(name, value) }

// BodyWriter implements huma.Context.
func (c *capture) BodyWriter() io.Writer { return &c.body }

// Unwrap gives the context below.
func (c *capture) Unwrap() huma.Context { return c.below }

func (c *capture) replay(w http.ResponseWriter, again bool) {
	for name, values := range c.header {
		w.Header()[name] = values
	}
	if again {
		w.Header().Set("Idempotent-Replay", "true")
	}
	w.WriteHeader(max(c.status, http.StatusOK))
	_, _ = w.Write(c.body.Bytes()) // the client has gone: it will ask again
}
