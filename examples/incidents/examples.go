package incidents

import (
	"fmt"
	"os"
	"path/filepath"
)

// Example is a bundle that this project ships.
type Example struct {
	// Folder is its name under examples/.
	Folder string
	Kind   string
	Seed   uint64
}

// Examples returns the bundles that this project ships, in the order in which they are worth reading.
func Examples() []Example {
	return []Example{
		{"leak-after-deploy", "leak_with_profiles", 5},
		{"leak-after-deploy-again", "leak_recurred", 5},
		{"leak-innocent-deploy", "leak_red_herring_deploy", 2},
		{"limit-lowered", "real_java_limit_lowered", 1},
		{"follows-traffic", "undersized_follows_traffic", 3},
		{"one-large-request", "real_container_group", 1},
		{"nightly-batch", "cronjob_batch", 2},
		{"heap-as-large-as-the-limit", "real_java_heap_ceiling", 1},
		{"java-heap-ran-out", "runtime_oom_java_leak", 4},
		{"sidecar-in-a-pod-limit", "sidecar_pod_limit", 6},
		{"pod-limit", "real_pod_limit", 2},
		{"files-in-dev-shm", "real_dev_shm", 1},
		{"neighbour-is-a-backup-agent", "real_system_process", 1},
		{"node-allocatable", "real_node_allocatable", 3},
		{"liveness-probe", "liveness", 3},
		{"label-from-hours-ago", "stale_oomkilled_label", 2},
	}
}

// WriteExamples makes the shipped bundles in dir, each in its folder, in the place of what is there.
func WriteExamples(dir string) error {
	for _, e := range Examples() {
		if err := os.RemoveAll(filepath.Join(dir, e.Folder)); err != nil {
			return fmt.Errorf("example %s: %w", e.Folder, err)
		}
		if err := Write(filepath.Join(dir, e.Folder), e.Kind, e.Seed, Options{Small: true}); err != nil {
			return fmt.Errorf("example %s: %w", e.Folder, err)
		}
	}
	return nil
}
