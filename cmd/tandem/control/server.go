package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Limits of the socket.
const (
	maxBody       = 64 << 10         // bytes of a request
	answerTimeout = 15 * time.Second // of a Backend call
	maxConns      = 64               // open at once; further ones wait in the listen queue
)

// Server offers a Backend on a unix socket.
type Server struct {
	backend Backend
	log     *slog.Logger
	http    *http.Server
	mux     *http.ServeMux
	ln      net.Listener
}

// Listen makes the socket, mode 0600 in a folder that is made with 0700 where it is missing. A socket file that nobody
// answers on is replaced; one that somebody answers on is an error.
func Listen(path string, b Backend, log *slog.Logger) (*Server, error) {
	s := &Server{backend: b, log: log}
	s.mux = s.routes()
	return s, s.listen(path, s.mux)
}

// ListenHandler is Listen for a socket behind which somebody else answers everything.
func ListenHandler(path string, h http.Handler, log *slog.Logger) (*Server, error) {
	s := &Server{log: log}
	return s, s.listen(path, h)
}

// Handler answers what comes over the socket, for those who have made sure that it may.
func (s *Server) Handler() http.Handler { return s.mux }

func (s *Server) listen(path string, h http.Handler) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("control socket %s: %w", path, err)
	}
	if err := private(filepath.Dir(path)); err != nil {
		return fmt.Errorf("control socket %s: %w", path, err)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close()
		return fmt.Errorf("control socket %s: %w", path, ErrInUse)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return fmt.Errorf("control socket %s: a file that is no socket is in the way", path)
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("control socket: %w", err)
		}
	}
	old := unix.Umask(0o177) // the file is never open to others, not even between making it and chmod
	ln, err := net.Listen("unix", path)
	unix.Umask(old)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	s.ln = &guarded{Listener: ln, log: s.log, slots: make(chan struct{}, maxConns)}
	s.http = &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: answerTimeout,
		IdleTimeout: time.Minute, MaxHeaderBytes: maxBody, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)}
	return nil
}

// private wants a folder in which nobody else can put another socket in our place.
func private(dir string) error {
	var s unix.Stat_t
	if err := unix.Stat(dir, &s); err != nil {
		return err
	}
	if uid := int(s.Uid); uid != os.Getuid() && uid != 0 || s.Mode&0o022 != 0 {
		return fmt.Errorf("%w: folder %s belongs to user %d with mode %04o", ErrShared, dir, uid, s.Mode&0o7777)
	}
	return nil
}

// ErrShared says that others could put their own socket in the place of ours.
var ErrShared = errors.New("others can write to its folder")

// ErrInUse says that another process answers on the socket.
var ErrInUse = errors.New("another tandem answers on it")

// Mount offers a handler below a path, such as the API: who reaches the socket may do everything. Call it before Serve.
func (s *Server) Mount(path string, h http.Handler) { s.mux.Handle(path, h) }

// Serve answers until Close.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}

// Close ends Serve, waits a second for answers that are under way and removes the socket file.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

// routes is the table of everything that can be asked.
func (s *Server) routes() *http.ServeMux {
	b, mux := s.backend, http.NewServeMux()
	on := func(pattern string, answer func(context.Context, *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, answer) })
	}
	name := func(r *http.Request) string { return r.PathValue("name") }
	on("GET /status", func(c context.Context, _ *http.Request) (any, error) { return b.Status(c) })
	on("GET /calls", func(c context.Context, _ *http.Request) (any, error) { return list(b.Calls(c)) })
	on("GET /calls/{name}", func(c context.Context, r *http.Request) (any, error) { return b.Call(c, name(r)) })
	on("GET /calls/{name}/trace", func(c context.Context, r *http.Request) (any, error) { return list(b.Trace(c, name(r))) })
	on("POST /calls/{name}/hangup", func(c context.Context, r *http.Request) (any, error) {
		return struct{}{}, b.Hangup(c, name(r))
	})
	on("POST /calls/{name}/record/{do}", func(c context.Context, r *http.Request) (any, error) {
		return struct{}{}, b.RecordCall(c, name(r), RecordDo(r.PathValue("do")))
	})
	on("GET /why/{name}", func(c context.Context, r *http.Request) (any, error) { return b.Why(c, name(r)) })
	on("GET /queues", func(c context.Context, _ *http.Request) (any, error) { return list(b.Queues(c)) })
	on("GET /queues/{name}", func(c context.Context, r *http.Request) (any, error) { return b.Queue(c, name(r)) })
	on("GET /agents", func(c context.Context, _ *http.Request) (any, error) { return list(b.Agents(c)) })
	on("POST /agents/{name}", s.setAgent)
	on("GET /endpoints", func(c context.Context, _ *http.Request) (any, error) { return list(b.Endpoints(c)) })
	on("GET /nodes", func(c context.Context, _ *http.Request) (any, error) { return list(b.Nodes(c)) })
	on("GET /trunks", func(c context.Context, _ *http.Request) (any, error) { return list(b.Trunks(c)) })
	on("POST /trunks/{name}/test", func(c context.Context, r *http.Request) (any, error) { return b.TestTrunk(c, name(r)) })
	on("GET /records", s.searchRecords)
	on("GET /records/{name}", func(c context.Context, r *http.Request) (any, error) { return b.Record(c, name(r)) })
	return mux
}

// list makes an empty list of none: JSON readers expect [].
func list[T any](l []T, err error) ([]T, error) {
	if l == nil {
		l = []T{}
	}
	return l, err
}

func (s *Server) setAgent(ctx context.Context, r *http.Request) (any, error) {
	var to AgentChange
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&to); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return s.backend.SetAgent(ctx, r.PathValue("name"), to)
}

func (s *Server) searchRecords(ctx context.Context, r *http.Request) (any, error) {
	v := r.URL.Query()
	q := RecordQuery{Text: v.Get("text"), State: v.Get("state"), Limit: 50}
	var err error
	if t := v.Get("since"); t != "" {
		if q.Since, err = time.Parse(time.RFC3339Nano, t); err != nil {
			return nil, fmt.Errorf("%w: since: %w", ErrInvalid, err)
		}
	}
	if n := v.Get("limit"); n != "" {
		if q.Limit, err = strconv.Atoi(n); err != nil || q.Limit < 1 || q.Limit > 1000 {
			return nil, fmt.Errorf("%w: limit %q is not 1 to 1000", ErrInvalid, n)
		}
	}
	return list(s.backend.SearchRecords(ctx, q))
}

// failure is the body of an answer that is no success.
type failure struct {
	Error string `json:"error"`
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, ask func(context.Context, *http.Request) (any, error)) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()
	body, err := ask(ctx, r)
	status := http.StatusOK
	if err != nil {
		status, body = statusOf(err), failure{err.Error()}
		s.log.Debug("control request refused", "path", r.URL.Path, "status", status, "err", err)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
		s.log.Error("control answer cannot be written", "path", r.URL.Path, "err", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // the asker may be gone
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ErrConflict):
		return http.StatusConflict
	case errors.Is(err, ErrInvalid):
		return http.StatusBadRequest
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// guarded bounds the open connections and closes those of other users.
type guarded struct {
	net.Listener
	log   *slog.Logger
	slots chan struct{}
}

// Accept gives the next connection of this user or root.
func (g *guarded) Accept() (net.Conn, error) {
	g.slots <- struct{}{}
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			<-g.slots
			return nil, err
		}
		uid, err := peer(c)
		if err == nil && (uid == os.Getuid() || uid == 0) {
			return &slotted{Conn: c, slots: g.slots}, nil
		}
		g.log.Warn("control connection of another user closed", "uid", uid, "err", err)
		_ = c.Close()
	}
}

// peer gives the user id at the other end.
func peer(c net.Conn) (uid int, err error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return -1, errors.New("not a unix socket")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return -1, err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return -1, err
	}
	if credErr != nil {
		return -1, credErr
	}
	return int(cred.Uid), nil
}
