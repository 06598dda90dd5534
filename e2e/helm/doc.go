// Package helm proves deploy/ by the libraries that its users' tools are made of: the Helm chart is linted, rendered
// with many values and applied to a real API server, whose authorizer then says what each service account may and may not; the rules
// are run by promtool; and package image builds the container image without a container engine.
//
// It is a Go module of its own, so that nobody who builds the program downloads Helm. `make manifests` renders
// deploy/manifests from the chart, and `make generated` sees that they are up to date.
package helm

//go:generate go run ./manifests -deploy ../../deploy
