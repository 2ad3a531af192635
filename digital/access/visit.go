package access

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// visit is what the door knows of a request. Written before the handler runs, read after it.
type visit struct {
	began     time.Time
	id        string
	area      Area
	addr      string
	principal Principal
}

type visitKey struct{}

// RequestID gives the id of the request that a context belongs to; empty outside the door.
func RequestID(ctx context.Context) string {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v.id
	}
	return ""
}

// RemoteAddr gives who the request is from as limits count it; empty outside the door.
func RemoteAddr(ctx context.Context) string {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v.addr
	}
	return ""
}

func newRequestID() string {
	var b [8]byte
	rand.Read(b[:])
	return "r_" + hex.EncodeToString(b[:])
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status   int
	bytes    int64
	hijacked bool
}

// WriteHeader remembers the status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends what is buffered.
func (w *recorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Hijack gives the connection away.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = w.hijacked || err == nil
	return conn, rw, err
}

// finish ends a visit: a panic becomes a 500, and one line is logged.
func (k *Keeper) finish(w *recorder, r *http.Request, v *visit) {
	if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
		k.m.panics.Inc()
		k.log.Error("request panicked", "request", v.id, "method", r.Method, "path", v.path(r), "cause", cause, "stack", string(debug.Stack()))
		if w.status != 0 || w.hijacked {
			defer panic(http.ErrAbortHandler) // half an answer must not look whole
		} else {
			WriteProblem(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)), Problem{Status: http.StatusInternalServerError,
				Detail: "an error of the server", Do: "report the request id; the server's log names it"})
		}
	} else if cause != nil {
		defer panic(cause)
	}
	k.logVisit(w, r, v)
}

func (k *Keeper) logVisit(w *recorder, r *http.Request, v *visit) {
	status := w.status
	switch {
	case w.hijacked:
		status = http.StatusSwitchingProtocols
	case status == 0:
		status = http.StatusOK
	}
	took := time.Since(v.began)
	k.m.request(status, took, w.hijacked)
	level := slog.LevelInfo
	if status < 400 && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		level = slog.LevelDebug // reading is frequent and changes nothing
	}
	k.log.Log(r.Context(), level, "request", "request", v.id, "method", r.Method, "path", v.path(r), "status", status, "dur_ms", took.Milliseconds(),
		"bytes", w.bytes, "user", v.principal.User, "by", v.principal.By, "remote", v.addr)
}

// path gives the path as it may be logged: no query, nothing secret, not endless.
func (v *visit) path(r *http.Request) string {
	path := r.URL.Path
	if v.area.Secret {
		path = v.area.Prefix + "…"
	}
	if len(path) > 256 {
		path = path[:256] + "…"
	}
	return strings.ToValidUTF8(path, "?")
}

func lastSlash(path string) int { return strings.LastIndexByte(path, '/') }
