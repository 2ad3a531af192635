# Tandem. `make run` and `make test` are all a newcomer needs; `make help` lists the rest.
GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
PEERS   := sipp:sip-tester baresip:baresip-core tshark:tshark gcc:gcc chromium:chromium redis-server:redis-server bearerbox:kannel /usr/lib/kannel/test/drive_smpp:kannel-extras
PAGES   := cmd/tandem/e2e/browser/pages

.PHONY: help build run test lint race bench soak kills fuzz peers prompts clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

build: ## bin/tandem, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/tandem ./cmd/tandem

run: build ## the demo on loopback: SIP on 5060, health and metrics on 8080
	bin/tandem demo

test: peers lint ## everything that must hold: lint, all tests, real phones, and the race detector
	$(GO) test $$($(GO) list ./... | grep -v /e2e)
	$(GO) test -p 1 -count 1 ./cmd/tandem/e2e/... # what they test is a binary, of which the cache knows nothing
	$(MAKE) race

lint: ## gofmt, vet, staticcheck, modules as they were published
	@out=$$(gofmt -l .); test -z "$$out" || { echo "gofmt: $$out"; exit 1; }
	$(GO) mod verify
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

race: ## all rooms under the race detector; the tests with real phones run without it, in `make test`
	CGO_ENABLED=1 $(GO) test -race $$($(GO) list ./... | grep -v /e2e)

bench: build peers ## figures beside their floors and goals, in one run (about 8 minutes, wants a quiet machine)
	$(GO) build -o bin/tandem-load ./cmd/tandem-load
	gcc -O2 -o bin/relay-floor testdata/floor/relay.c
	bin/tandem-load --gateway bin/tandem --floor bin/relay-floor --folder /dev/shm bench
	$(GO) test -run '^$$' -bench . -benchtime 200ms ./acd/... ./ivr/... ./sip/... ./store/... ./media/...

soak: build ## 300 calls at once through IVR, queue and bridge for two minutes
	$(GO) test ./cmd/tandem/e2e/violence -run Soak -count 1 -timeout 20m -v -long

kills: build peers ## fifty kill -9 under mixed load: on the file, on Redis, over two nodes
	$(GO) test ./cmd/tandem/e2e/violence -run MixedLoad -count 1 -timeout 30m -v -long

fuzz: ## every fuzz target for 20 s
	@for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		echo "$$p $$f"; $(GO) test $$p -run '^$$' -fuzz "^$$f\$$" -fuzztime 20s -fuzzminimizetime 1x || exit 1; done; done

peers: ## install the real peers that the tests use, where they are missing: phones, message centres, Redis, a browser
	@for p in $(PEERS); do command -v $${p%%:*} >/dev/null || missing="$$missing $${p##*:}"; done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" != 0 ]; then echo "missing:$$missing; install them: sudo apt-get install$$missing"; exit 1; fi; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi
	@command -v npm >/dev/null || { echo "missing: node and npm, which drive the pages in tests; install Node 20 or later"; exit 1; }
	@test -d $(PAGES)/node_modules/playwright-core || npm ci --silent --no-audit --no-fund --prefix $(PAGES)

prompts: ## make the shipped prompts anew (needs flite and sox)
	sh cmd/tandem/demo/prompts/generate.sh

clean: ## remove what was built
	rm -rf bin
