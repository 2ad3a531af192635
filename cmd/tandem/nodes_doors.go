package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/node"
)

// The doors of a node: pages, API and command line. They lead to this node's own site while it owns the calls, else to the owner.

// Limits of the HTTP door of a node: the owner has the finer ones.
const (
	mostHTTP   = 40_000 // requests and sockets at once; above it 503
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	headerSize = 32 << 10
)

// serveHTTP serves whatever door there is at the moment.
func (s *shared) serveHTTP(ctx context.Context) error {
	server := &http.Server{ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: headerSize,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer s.live.Add(-1)
			if s.live.Add(1) > mostHTTP {
				s.full.Inc()
				w.Header().Set("Retry-After", "5")
				http.Error(w, "this node has as many requests as it takes; try again in a moment", http.StatusServiceUnavailable)
				return
			}
			(*s.door.Load()).ServeHTTP(w, r)
		})}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(s.http); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// openDoor lets the HTTP door lead to a node.
func (s *shared) openDoor(p node.Place) {
	pass := http.Handler(http.HandlerFunc(node.Nobody))
	if p.HTTP.IsValid() {
		s.owner.Store(&p)
		pass = s.node.Forward(p.HTTP, "")
	} else {
		s.owner.Store(nil)
	}
	mux := http.NewServeMux()
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		mux.Handle(path, s.figures)
	}
	mux.Handle("/", pass)
	door := http.Handler(mux)
	s.door.Store(&door)
}

// controlClient is for whom the command line of another node asks.
const controlClient = "command-line"

// serveControl passes the command line on to the owner until ctx ends: who reaches the socket may do everything.
func (s *shared) serveControl(ctx context.Context) {
	pass := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := s.owner.Load(); p != nil {
			s.node.Forward(p.HTTP, controlClient).ServeHTTP(w, r)
			return
		}
		node.Nobody(w, r)
	})
	server, err := control.ListenHandler(s.cfg.Control.Socket, pass, s.log)
	if err == nil {
		defer context.AfterFunc(ctx, func() { _ = server.Close() })()
		err = server.Serve()
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("no command line at this node", "err", err)
	}
}

// serveOwner serves the door of the owner until ctx ends: for what came here itself, and for what another node passes on.
func (s *shared) serveOwner(ctx context.Context, door http.Handler, cli *control.Server) error {
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, ok := s.node.Client(r)
		r.Header.Del(node.ClientHeader)
		switch {
		case ok && client == controlClient:
			cli.Handler().ServeHTTP(w, r)
			return
		case ok:
			r.RemoteAddr = client
		}
		door.ServeHTTP(w, r)
	})
	s.door.Store(&h)
	<-ctx.Done()
	s.openDoor(node.Place{})
	return nil
}
