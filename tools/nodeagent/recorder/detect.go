package recorder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// detect finds the memory controller below root: where the hierarchy with it is mounted, and which version it is. It goes
// by what lies there and not by the mounts, since an agent in a container sees the host's cgroups wherever they are mounted.
//
//	v2      root, or root/unified, has cgroup.controllers with memory in it
//	v1      root/memory, or another directory in root (memory may be mounted together with others), has
//	        memory.limit_in_bytes; or root itself does
//	hybrid  both trees are there, and the controller is in one of them, never in both
func detect(root string) (*layout, string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, "", fmt.Errorf("look for the memory controller: %w; mount the node's /sys/fs/cgroup there, or name where it is", err)
	}
	candidates := []string{root}
	for _, e := range entries {
		candidates = append(candidates, filepath.Join(root, e.Name())) // links (memory -> cpu,memory) are followed
	}
	var lacking []string
	for _, dir := range candidates {
		controllers, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
		if err == nil {
			if slices.Contains(strings.Fields(string(controllers)), "memory") {
				return &v2, dir, nil
			}
			lacking = append(lacking, dir)
		}
		if _, err := os.Stat(filepath.Join(dir, "memory.limit_in_bytes")); err == nil {
			return &v1, dir, nil
		} else if errors.Is(err, fs.ErrPermission) {
			return nil, "", fmt.Errorf("look for the memory controller: %w; let the agent read it", err)
		}
	}
	if len(lacking) > 0 {
		return nil, "", fmt.Errorf("no memory controller: cgroup v2 at %s is without it, and there is no v1 below %s; boot the kernel with cgroup_enable=memory, or mount the node's own cgroups there",
			strings.Join(lacking, " and "), root)
	}
	return nil, "", fmt.Errorf("no cgroups below %s: neither cgroup.controllers (v2) nor memory/memory.limit_in_bytes (v1) is there; mount the node's /sys/fs/cgroup there, or name where it is", root)
}

// mountedFrom returns which cgroup a mount shows at its root, by the text of /proc/self/mountinfo: "" for the root of the
// hierarchy, for what lies outside of the agent's own cgroup namespace, and for directories that are no mount.
func mountedFrom(mountinfo, dir string) string {
	for line := range strings.Lines(mountinfo) {
		// 36 35 98:0 /root /mount/point rw,noatime master:1 - cgroup cgroup rw,memory
		before, after, _ := strings.Cut(line, " - ")
		f := strings.Fields(before)
		if len(f) < 5 || unescape(f[4]) != dir || !strings.HasPrefix(after, "cgroup") {
			continue
		}
		if from := unescape(f[3]); from != "/" && !strings.HasPrefix(from, "/..") {
			return from
		}
		return ""
	}
	return ""
}

var octal = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// unescape reads a path as the kernel writes it into mountinfo.
func unescape(s string) string { return octal.Replace(s) }
