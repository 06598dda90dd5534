// Package examples holds recorded incidents as bundles, one folder each, with the truth about them: what the
// demo replays, and what `oombot eval examples` scores. README.md says what each teaches.
//
// The bundles are made by the package incidents; four of them and more carry reports of real kernels. A folder
// is never edited by hand.
package examples

import "embed"

//go:generate go run ./incidents/generate -examples -out .

// FS holds the bundles, each in a folder of its own; FS's root has nothing else.
//
//go:embed files-in-dev-shm follows-traffic heap-as-large-as-the-limit java-heap-ran-out label-from-hours-ago
//go:embed leak-after-deploy leak-after-deploy-again leak-innocent-deploy limit-lowered liveness-probe
//go:embed neighbour-is-a-backup-agent nightly-batch node-allocatable one-large-request pod-limit
//go:embed sidecar-in-a-pod-limit
var FS embed.FS
