# Everything that a developer or a CI machine runs. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
GOLANGCI_VERSION := v2.15.0
GOVULNCHECK_VERSION := v1.9.0
# How long each fuzz target runs in `make check`, and in `make fuzz`.
FUZZTIME_CHECK ?= 3s
FUZZTIME ?= 60s

# The version stands in the name, so that a change of it fetches the new one.
GOLANGCI := bin/golangci-lint-$(GOLANGCI_VERSION)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: demo
demo: build ## the main job, with nothing installed: watch incidents being diagnosed
	bin/oombot demo

.PHONY: build
build: ## build bin/oombot
	$(GO) build -buildvcs=auto -o bin/oombot ./cmd/oombot

.PHONY: test
test: ## all tests of the main module
	$(GO) test -timeout 12m ./...

.PHONY: check
check: lint tidy generated test-race fuzz-check ## what CI asks of every change
	@echo 'make check: all green'

.PHONY: fmt
fmt: $(GOLANGCI) ## format all Go files (gofumpt)
	$(GOLANGCI) fmt

.PHONY: lint
lint: $(GOLANGCI) ## formatting, vet and linters
	$(GOLANGCI) config verify
	$(GOLANGCI) fmt --diff
	$(GO) vet ./...
	$(GOLANGCI) run
	@for dir in $$(.ci/modules); do echo "== $$dir" >&2; \
		(cd "$$dir" && $(GO) vet ./... && $(CURDIR)/$(GOLANGCI) run); done

.PHONY: tidy
tidy: ## go.mod and go.sum are as `go mod tidy` would leave them
	$(GO) mod tidy -diff
	@for dir in $$(.ci/modules); do echo "== $$dir" >&2; (cd "$$dir" && $(GO) mod tidy -diff); done

.PHONY: generated
generated: ## generated files are what their generators write
	.ci/generated

.PHONY: test-race
test-race: ## all tests of the main module, under the race detector
	$(GO) test -race -timeout 20m ./...

.PHONY: fuzz-check
fuzz-check:
	.ci/fuzz $(FUZZTIME_CHECK)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (60s) each
	.ci/fuzz $(FUZZTIME)

.PHONY: e2e
e2e: build ## the built program against real components (root; skips, with the reason, what this machine lacks)
	.ci/e2e-setup
	cd e2e && OOMBOT_BINARY=$(CURDIR)/bin/oombot OOMBOT_E2E_KERNEL=$(CURDIR)/bin/e2e/vmlinuz \
		OOMBOT_E2E_APISERVER=$(CURDIR)/bin/e2e/kube-apiserver $(GO) test -count=1 -p 1 -timeout 40m -v ./...
	cd e2e/helm && OOMBOT_BINARY=$(CURDIR)/bin/oombot OOMBOT_E2E_APISERVER=$(CURDIR)/bin/e2e/kube-apiserver $(GO) test -count=1 -p 1 -timeout 20m -v ./...

.PHONY: e2e-vm
e2e-vm: ## the node agent in a virtual machine with cgroup v2, by QEMU (five minutes; no part of make e2e)
	.ci/e2e-setup
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/e2e/oombot ./cmd/oombot
	cd e2e && OOMBOT_E2E_AGENT=$(CURDIR)/bin/e2e/oombot OOMBOT_E2E_KERNEL=$(CURDIR)/bin/e2e/vmlinuz \
		OOMBOT_E2E_APISERVER=$(CURDIR)/bin/e2e/kube-apiserver $(GO) test -count=1 -timeout 40m -v ./vm

.PHONY: manifests
manifests: ## write deploy/manifests, and the chart's copies of rules and dashboard
	cd e2e/helm && $(GO) generate ./...

.PHONY: image
image: ## build the container image without a container engine: dist/oombot-image.tar
	cd e2e/helm && $(GO) run ./buildimage -root $(CURDIR) -out $(CURDIR)/dist/oombot-image.tar

.PHONY: bench
bench: build ## benchmarks of the main module, of e2e/bench and, after `make e2e`, of a living cluster and of kills
	$(GO) test -run '^$$' -bench . -benchmem ./...
	@if [ -f e2e/bench/go.mod ]; then set -x; cd e2e/bench && OOMBOT_BINARY=$(CURDIR)/bin/oombot $(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./...; fi
	cd e2e && OOMBOT_BINARY=$(CURDIR)/bin/oombot OOMBOT_E2E_APISERVER=$(CURDIR)/bin/e2e/kube-apiserver $(GO) test -run '^$$' -bench . -benchtime 3x ./live
	cd e2e && OOMBOT_BINARY=$(CURDIR)/bin/oombot OOMBOT_E2E_APISERVER=$(CURDIR)/bin/e2e/kube-apiserver OOMBOT_E2E_KILLS=1000 \
		$(GO) test -count=1 -run TestEveryKill -bench . -benchtime 30x -v ./node

.PHONY: vuln
vuln: ## known vulnerabilities (needs the network; no part of make check)
	$(GO) run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) ./...

$(GOLANGCI):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@
