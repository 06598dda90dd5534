package incidents

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Example is a bundle that this project ships.
type Example struct {
	// Folder is its name under examples/.
	Folder string
	Kind   string
	Seed   uint64
	// Window and Step are those of its metrics; zero means those of small bundles.
	Window, Step time.Duration
}

// Examples returns the bundles that this project ships, in the order in which they are worth reading.
func Examples() []Example {
	return []Example{
		{Folder: "leak-after-deploy", Kind: "leak_with_profiles", Seed: 5},
		{Folder: "leak-after-deploy-again", Kind: "leak_recurred", Seed: 5},
		{Folder: "leak-innocent-deploy", Kind: "leak_red_herring_deploy", Seed: 2},
		{Folder: "limit-lowered", Kind: "real_java_limit_lowered", Seed: 1},
		{Folder: "follows-traffic", Kind: "undersized_follows_traffic", Seed: 3, Window: 25 * time.Hour, Step: 8 * time.Minute},
		{Folder: "one-large-request", Kind: "real_container_group", Seed: 1},
		{Folder: "nightly-batch", Kind: "cronjob_batch", Seed: 2},
		{Folder: "heap-as-large-as-the-limit", Kind: "real_java_heap_ceiling", Seed: 1},
		{Folder: "java-heap-ran-out", Kind: "runtime_oom_java_leak", Seed: 4},
		{Folder: "sidecar-in-a-pod-limit", Kind: "sidecar_pod_limit", Seed: 6},
		{Folder: "pod-limit", Kind: "real_pod_limit", Seed: 2},
		{Folder: "files-in-dev-shm", Kind: "real_dev_shm", Seed: 1},
		{Folder: "neighbour-is-a-backup-agent", Kind: "real_system_process", Seed: 1},
		{Folder: "node-allocatable", Kind: "real_node_allocatable", Seed: 3},
		{Folder: "liveness-probe", Kind: "liveness", Seed: 3},
		{Folder: "label-from-hours-ago", Kind: "stale_oomkilled_label", Seed: 2},
	}
}

// WriteExamples makes the shipped bundles in dir, each in its folder, in the place of what is there.
func WriteExamples(dir string) error {
	for _, e := range Examples() {
		if err := os.RemoveAll(filepath.Join(dir, e.Folder)); err != nil {
			return fmt.Errorf("example %s: %w", e.Folder, err)
		}
		if err := Write(filepath.Join(dir, e.Folder), e.Kind, e.Seed, Options{Small: true, Window: e.Window, Step: e.Step}); err != nil {
			return fmt.Errorf("example %s: %w", e.Folder, err)
		}
	}
	return nil
}
