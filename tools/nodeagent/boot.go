package nodeagent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// BootID returns the id of the machine's present boot: sys/kernel/random/boot_id below proc (man 4 random).
func BootID(proc string) (string, error) {
	data, err := os.ReadFile(filepath.Join(proc, "sys/kernel/random/boot_id"))
	if err != nil {
		return "", fmt.Errorf("read the id of this boot; --proc names the folder where the node's /proc is: %w", err)
	}
	id := strings.TrimSpace(string(data))
	if id == "" || len(id) > 64 {
		return "", fmt.Errorf("read the id of this boot: %s holds %d bytes, which is none", filepath.Join(proc, "sys/kernel/random/boot_id"), len(id))
	}
	return id, nil
}
