// Command guest is the first process of a virtual machine that runs out of memory on purpose: in a container, in
// a pod, and as a whole. It makes cgroups (version 2) that are named as a kubelet with the systemd driver names
// them, runs processes in them, waits until the kernel has killed, writes all records of /dev/kmsg to the second
// serial port, and switches the machine off.
//
// What happens stands in package scene, which the test that boots the machine reads too.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/oombot/oombot/e2e/guest/scene"
)

// hogEnv makes this program a hog: "MiB oom_score_adj".
const hogEnv = "GUEST_HOG"

func main() {
	if spec := os.Getenv(hogEnv); spec != "" {
		hog(spec)
		return
	}
	out, err := boot()
	if err == nil {
		err = play(out)
	}
	if err != nil {
		fmt.Fprintf(out, "guest: %v\n", err)
	}
	syscall.Sync()
	_ = syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}

// hog takes memory a MiB at a time, and holds it until it is killed.
func hog(spec string) {
	mib, adj, _ := strings.Cut(spec, " ")
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte(adj), 0o644); err != nil {
		os.Exit(1)
	}
	n, _ := strconv.Atoi(mib)
	var held [][]byte
	for range n {
		held = append(held, bytes.Repeat([]byte{1}, 1<<20))
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(time.Hour)
	os.Exit(len(held) % 2)
}

// boot mounts what is needed and opens the port to write to.
func boot() (*os.File, error) {
	mounts := []struct{ source, target, fstype string }{
		{"proc", "/proc", "proc"},
		{"sys", "/sys", "sysfs"},
		{"dev", "/dev", "devtmpfs"},
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
	out, err := os.OpenFile("/dev/ttyS1", os.O_WRONLY, 0)
	if err != nil {
		return os.Stderr, errors.Join(append(errs, err)...)
	}
	return out, errors.Join(errs...)
}

// play runs the acts one after the other and writes what the kernel logged.
func play(out io.Writer) error {
	for _, act := range scene.Acts {
		if err := perform(act); err != nil {
			return fmt.Errorf("%s: %w", act.Name, err)
		}
	}
	return dump(out)
}

// perform starts the act's processes and waits until the kernel has killed the one that has to go. What is left
// is killed and reaped, so that the next act begins with an empty machine.
func perform(act scene.Act) error {
	var running []*exec.Cmd
	var last <-chan struct{}
	for _, p := range act.Processes {
		cmd, ended, err := start(p)
		if err != nil {
			return err
		}
		running, last = append(running, cmd), ended
		time.Sleep(time.Second)
		if p.Comm == act.Processes[0].Comm {
			if err := apply(act); err != nil {
				return err
			}
		}
	}
	var err error
	select {
	case <-last:
	case <-time.After(2 * time.Minute):
		err = errors.New("the kernel killed nothing within two minutes")
	}
	for _, cmd := range running {
		_ = cmd.Process.Kill()
	}
	time.Sleep(time.Second)
	return err
}

// apply writes the act's limits.
func apply(act scene.Act) error {
	for file, value := range act.Files {
		if err := os.WriteFile(filepath.Join(scene.Mount, file), []byte(value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// start runs a process in its cgroup; the channel tells when it has ended.
func start(p scene.Process) (*exec.Cmd, <-chan struct{}, error) {
	group, err := newCgroup(p.Cgroup)
	if err != nil {
		return nil, nil, err
	}
	defer group.Close()
	program := "/bin/" + p.Comm // the name of the file is the process's
	if err := os.Symlink("/init", program); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, nil, err
	}
	cmd := &exec.Cmd{
		Path: program, Args: []string{p.Comm}, Env: []string{fmt.Sprintf("%s=%d %d", hogEnv, p.MiB, p.OOMScoreAdj)},
		SysProcAttr: &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())},
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	ended := make(chan struct{})
	go func() { // ends with the process
		_ = cmd.Wait()
		close(ended)
	}()
	return cmd, ended, nil
}

// newCgroup makes a cgroup, with the memory controller in all those above it, and opens it.
func newCgroup(path string) (*os.File, error) {
	dir := scene.Mount
	for element := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		control := filepath.Join(dir, "cgroup.subtree_control")
		if err := os.WriteFile(control, []byte("+memory"), 0o644); err != nil {
			return nil, err
		}
		dir = filepath.Join(dir, element)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	return os.Open(dir)
}

// dump writes every record that the kernel still has.
func dump(out io.Writer) error {
	fd, err := syscall.Open("/dev/kmsg", syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	record := make([]byte, 16<<10)
	for {
		n, err := syscall.Read(fd, record)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			_, err = io.WriteString(out, scene.End+"\n")
			return err
		case errors.Is(err, syscall.EPIPE): // overwritten: go on behind it
		case err != nil:
			return err
		default:
			if _, err := out.Write(record[:n]); err != nil {
				return err
			}
		}
	}
}
