module github.com/oombot/oombot/e2e/bench

go 1.26.0

require (
	github.com/euank/go-kmsg-parser v2.0.0+incompatible
	github.com/oombot/oombot v0.0.0
	k8s.io/klog/v2 v2.140.0
)

require (
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/google/cadvisor v0.60.6
	github.com/oklog/ulid/v2 v2.1.2 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

replace github.com/oombot/oombot => ../..
