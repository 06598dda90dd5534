package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/oombot/oombot/e2e/vm/scene"
)

// jobEnv makes this program a process of a scene: its job as JSON.
const jobEnv = "GUEST_JOB"

// job is what a process does.
type job struct {
	scene.Process
	// Exec is the command line of a program that it becomes.
	Exec []string
}

// work does a job. It does not return before it is killed.
func work(spec string) {
	var j job
	if err := json.Unmarshal([]byte(spec), &j); err != nil {
		fail(err)
	}
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte(strconv.Itoa(j.OOMScoreAdj)), 0o644); err != nil {
		fail(err)
	}
	if len(j.Exec) > 0 {
		_ = os.Unsetenv(jobEnv)
		fail(syscall.Exec(j.Exec[0], j.Exec, os.Environ()))
	}
	if j.SharedMiB > 0 {
		if err := os.WriteFile(filepath.Join("/dev/shm", j.Comm), bytes.Repeat([]byte{1}, j.SharedMiB<<20), 0o600); err != nil {
			fail(err)
		}
	}
	if j.Socket {
		for _, end := range unread() { // or the garbage collector closes it
			defer func() { _ = end.Close() }()
		}
	}
	var held [][]byte
	for range j.MiB {
		held = append(held, bytes.Repeat([]byte{1}, 1<<20))
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(time.Hour)
	os.Exit(len(held) % 2)
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "job: %v\n", err)
	os.Exit(1)
}

// unread sends to itself what it does not read, until nothing more goes: what waits is memory of sockets.
func unread() [2]net.Conn {
	ctx := context.Background()
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		fail(err)
	}
	other, err := l.Accept()
	if err != nil {
		fail(err)
	}
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	for err == nil {
		_, err = c.Write(make([]byte, 64<<10))
	}
	return [2]net.Conn{c, other}
}

// running is a process that was started.
type running struct {
	*exec.Cmd
	cgroup string
	ended  chan scene.Ended
}

// start runs a process in its cgroup. logged gets what it prints; nil: the console does.
func start(j *job, env []string, logged func(line string)) (*running, error) {
	if err := newCgroup(j.Cgroup); err != nil {
		return nil, err
	}
	group, err := os.Open(filepath.Join(scene.Mount, j.Cgroup))
	if err != nil {
		return nil, err
	}
	defer group.Close()
	program := "/bin/" + j.Comm // the name of the file is the process's
	if err := os.Symlink("/init", program); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	spec, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	r := &running{cgroup: j.Cgroup, ended: make(chan scene.Ended, 1), Cmd: &exec.Cmd{
		Path: program, Args: []string{j.Comm}, Env: append(env, jobEnv+"="+string(spec)), Stderr: os.Stderr,
		SysProcAttr: &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())},
	}}
	if logged != nil {
		r.Stderr = lines(logged)
	}
	if err := r.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", j.Comm, err)
	}
	go func() { // ends with the process
		_ = r.Wait()
		e := scene.Ended{Comm: j.Comm, Cgroup: j.Cgroup, PID: int64(r.Process.Pid), At: time.Now()}
		if s, ok := r.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
			e.Signal = int(s.Signal())
		}
		r.ended <- e
	}()
	return r, nil
}

// lines hands on each line that is written.
type lines func(string)

// Write implements io.Writer, for writers of whole lines.
func (l lines) Write(data []byte) (int, error) {
	for line := range bytes.Lines(data) {
		l(string(bytes.TrimSpace(line)))
	}
	return len(data), nil
}
