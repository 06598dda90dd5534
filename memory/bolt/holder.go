package bolt

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// holder returns the process that has a file locked; 0 where that can't be told, as on other systems than Linux, or
// across containers.
func holder(file *os.File) int {
	info, err := file.Stat()
	if err != nil {
		return 0
	}
	inode := inodeOf(info)
	locks, err := os.Open("/proc/locks")
	if err != nil || inode == 0 {
		return 0
	}
	defer locks.Close()
	for lines := bufio.NewScanner(locks); lines.Scan(); {
		if pid := lockedBy(lines.Text(), inode); pid > 0 {
			return pid
		}
	}
	return 0
}

// lockedBy reads a line of /proc/locks, as "3: FLOCK  ADVISORY  WRITE 4711 fd:00:131 0 EOF", and returns the process
// that has that inode locked; 0 where the line is about something else. The device is not compared: file systems that
// span several, as btrfs and overlayfs do, show another one there than stat tells.
func lockedBy(line string, inode uint64) int {
	f := strings.Fields(line)
	if len(f) < 6 || f[1] != "FLOCK" {
		return 0
	}
	_, device, _ := strings.Cut(f[5], ":")
	_, number, _ := strings.Cut(device, ":")
	if n, err := strconv.ParseUint(number, 10, 64); err != nil || n != inode {
		return 0
	}
	pid, err := strconv.Atoi(f[4])
	if err != nil {
		return 0
	}
	return pid
}
