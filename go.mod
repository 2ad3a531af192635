module tandem

go 1.26.0

require (
	github.com/coder/websocket v1.8.15 // sockets of pages and of SIP over WebSocket
	github.com/danielgtaylor/huma/v2 v2.37.2 // the HTTP API: OpenAPI 3.1 and problem+json from Go types
	github.com/emiago/sipgo v1.7.2 // SIP message model and parser
	github.com/expr-lang/expr v1.17.8 // conditions in flows: typed, bounded, no loops
	github.com/nyaruka/phonenumbers v1.8.1 // national and international forms of telephone numbers
	github.com/pion/dtls/v3 v3.1.8 // DTLS handshakes of browser legs
	github.com/pion/ice/v4 v4.4.2 // tests: a browser's side of ICE
	github.com/pion/interceptor v0.1.48 // tests: a browser's side without interceptors
	github.com/pion/logging v0.2.4 // pion's log lines, silenced
	github.com/pion/rtcp v1.2.17 // RTCP of browser legs, as SRTP carries it
	github.com/pion/rtp v1.10.6 // RTP header model
	github.com/pion/srtp/v3 v3.0.13 // SRTP of browser legs
	github.com/pion/stun/v4 v4.0.0 // connectivity checks of browser legs
	github.com/pion/webrtc/v4 v4.2.20 // tests: a whole browser's media side
	github.com/prometheus/client_golang v1.25.0 // metrics and their exposition
	github.com/redis/go-redis/v9 v9.23.0 // the store that nodes share
	github.com/urfave/cli/v2 v2.27.7 // the command tree
	github.com/zaf/g711 v1.4.0 // G.711 reference that fills our tables
	go.etcd.io/bbolt v1.5.0 // embedded store: one file, crash safe
	go.yaml.in/yaml/v4 v4.0.0 // YAML nodes with positions
	golang.org/x/crypto v0.58.0 // password hashes (argon2)
	golang.org/x/sys v0.49.0 // sockets, epoll and timerfd of the media engine
	golang.org/x/time v0.16.0 // rate limits at the doors
	pgregory.net/rapid v1.3.0 // property tests only
)

require (
	github.com/BurntSushi/toml v1.5.0 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cpuguy83/go-md2man/v2 v2.0.7 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/pool v0.2.1 // indirect
	github.com/gobwas/ws v1.3.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pion/datachannel v1.6.2 // indirect
	github.com/pion/mdns/v2 v2.2.0 // indirect
	github.com/pion/randutil v0.1.0 // indirect
	github.com/pion/sctp v1.11.1 // indirect
	github.com/pion/sdp/v3 v3.0.19 // indirect
	github.com/pion/transport/v4 v4.1.0 // indirect
	github.com/pion/turn/v5 v5.1.0 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/russross/blackfriday/v2 v2.1.0 // indirect
	github.com/wlynxg/anet v0.0.5 // indirect
	github.com/xrash/smetrics v0.0.0-20240521201337-686a1a2994c1 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	honnef.co/go/tools v0.8.2 // indirect
)

tool honnef.co/go/tools/cmd/staticcheck
