// Command guest is the first process of a virtual machine in which `oombot agent` watches how containers, a pod, all pods
// and the machine itself run out of memory. It makes cgroups (version 2) as a kubelet with the systemd driver makes them,
// the agent's own among them, plays the acts of package scene, hands the agent's requests to the host over the second
// serial port and the answers back, tells there what happened, and switches the machine off.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oombot/oombot/e2e/vm/scene"
)

func main() {
	if spec := os.Getenv(jobEnv); spec != "" {
		work(spec)
		return
	}
	err := boot()
	port, portErr := openPort("/dev/ttyS1")
	if err = errors.Join(err, portErr); err == nil {
		if err = play(port); err != nil {
			port.tell(scene.Frame{Kind: scene.KindEnd, Text: err.Error()})
		} else {
			port.tell(scene.Frame{Kind: scene.KindEnd})
		}
	} else {
		fmt.Fprintf(os.Stderr, "guest: %v\n", err)
	}
	time.Sleep(500 * time.Millisecond) // the port is slow
	_ = syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}

// boot mounts what is needed, and brings the loopback interface up.
func boot() error {
	mounts := []struct{ source, target, fstype string }{
		{"proc", "/proc", "proc"},
		{"sys", "/sys", "sysfs"},
		{"dev", "/dev", "devtmpfs"},
		{"shm", "/dev/shm", "tmpfs"},
		{"state", "/state", "tmpfs"},
		{"cgroup2", scene.Mount, "cgroup2"},
	}
	var errs []error
	for _, m := range mounts {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			errs = append(errs, err)
		}
		if err := syscall.Mount(m.source, m.target, m.fstype, 0, ""); err != nil {
			errs = append(errs, fmt.Errorf("mount %s: %w", m.target, err))
		}
	}
	return errors.Join(append(errs, loopback())...)
}

func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
}

// newCgroup makes a cgroup, with the memory controller in all those above it.
func newCgroup(path string) error {
	dir := scene.Mount
	for element := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+memory"), 0o644); err != nil {
			return err
		}
		dir = filepath.Join(dir, element)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// write writes files of cgroups.
func write(files map[string]string) error {
	for file, value := range files {
		if err := newCgroup(filepath.Dir(file)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(scene.Mount, file), []byte(value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// read reads the files of a cgroup that tell of its memory.
func read(cgroup string) map[string]string {
	out := map[string]string{}
	for _, name := range []string{
		"memory.current", "memory.max", "memory.peak", "memory.stat", "memory.pressure", "memory.events", "memory.events.local",
	} {
		text, err := os.ReadFile(filepath.Join(scene.Mount, cgroup, name))
		if err != nil {
			text = []byte("error: " + err.Error())
		}
		out[filepath.Join(cgroup, name)] = string(text)
	}
	return out
}
