package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oombot/oombot/e2e/vm/scene"
)

const (
	// listens is where the agent answers.
	listens = "127.0.0.1:9101"
	// after is how long the agent has for an act, until the next one begins.
	after = 6 * time.Second
	// patience is how long the kernel has to kill.
	patience = 3 * time.Minute
)

// play starts the agent, and plays the acts.
func play(p *port) error {
	bot, err := p.serve()
	if err != nil {
		return err
	}
	agent, err := startAgent(p, bot)
	if err != nil {
		return err
	}
	if err := follows(agent); err != nil {
		return err
	}
	for _, act := range scene.Acts {
		if err := perform(p, act); err != nil {
			return fmt.Errorf("%s: %w", act.Name, err)
		}
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end) && !strings.Contains(get("/metrics"), "oombot_agent_spool_waiting 0\n"); {
		time.Sleep(100 * time.Millisecond)
	}
	last := scene.Frame{Kind: scene.KindAgent, Health: get("/healthz"), Metrics: get("/metrics"), Files: read(scene.Agent.Cgroup())}
	last.Running = len(agent.ended) == 0
	_ = agent.Process.Signal(syscall.SIGTERM)
	select {
	case <-agent.ended:
	case <-time.After(20 * time.Second):
		last.Text = "it does not end by SIGTERM"
	}
	if s := agent.ProcessState; last.Text == "" && !s.Success() {
		last.Text = s.String()
	}
	p.tell(last)
	return nil
}

// startAgent starts the agent in a pod of its own, as the chart and the kubelet do: with a limit, and as one of the last
// that the kernel kills.
func startAgent(p *port, bot string) (*running, error) {
	if err := os.WriteFile("/state/token", []byte(scene.Token), 0o600); err != nil {
		return nil, err
	}
	if err := write(map[string]string{scene.Agent.Cgroup() + "/memory.max": fmt.Sprintf("%dM", scene.Agent.LimitMiB)}); err != nil {
		return nil, err
	}
	command := []string{
		"/bin/oombot", "agent", "--bot", "http://" + bot, "--token-file", "/state/token", "--node", scene.Node, "--state", "/state/agent",
		"--kernel-log", os.Getenv(scene.Reader), "--pods", "none", "--listen", listens,
	}
	j := &job{Process: scene.Process{Comm: "agent", Cgroup: scene.Agent.Cgroup(), OOMScoreAdj: -997}, Exec: command}
	return start(j, []string{"GOMEMLIMIT=72MiB"}, func(line string) { p.tell(scene.Frame{Kind: scene.KindLog, Text: line}) })
}

// follows waits until the agent follows the kernel log.
func follows(agent *running) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if len(agent.ended) > 0 {
			return fmt.Errorf("the agent ended: %s", agent.ProcessState)
		}
		if strings.Contains(get("/metrics"), "oombot_agent_kernel_records_total") {
			time.Sleep(2 * time.Second) // for its first look at the log
			return nil
		}
	}
	return errors.New("the agent does not answer")
}

// get asks the agent; "" where it does not answer.
func get(path string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listens+path, http.NoBody)
	if err != nil {
		return ""
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return ""
	}
	return string(text)
}

// perform plays an act, and tells of it. What is left is killed and reaped, so that the next one begins with a machine in
// which nothing but the agent runs.
func perform(p *port, act scene.Act) error {
	if act.Clock != 0 {
		now := unix.NsecToTimeval(time.Now().Add(act.Clock).UnixNano())
		if err := unix.Settimeofday(&now); err != nil {
			return fmt.Errorf("set the clock: %w", err)
		}
	}
	if err := write(act.Before); err != nil {
		return err
	}
	var all []*running
	defer func() {
		for _, r := range all {
			_ = r.Process.Kill()
		}
		time.Sleep(time.Second)
	}()
	begin := func(list []scene.Process) error {
		for _, process := range list {
			for range max(process.Times, 1) {
				r, err := start(&job{Process: process}, nil, nil)
				if err != nil {
					return err
				}
				all = append(all, r)
			}
		}
		return nil
	}
	if err := begin(act.First); err != nil {
		return err
	}
	for end := time.Now().Add(act.Settle); time.Now().Before(end); time.Sleep(time.Second) {
		for _, group := range act.Read {
			p.tell(scene.Frame{Kind: scene.KindReading, Text: group, At: time.Now(), Files: read(group)})
		}
	}
	if err := write(act.Files); err != nil {
		return err
	}
	if err := begin(act.Then); err != nil {
		return err
	}
	over := scene.Frame{Kind: scene.KindAct, Text: act.Name, Files: map[string]string{}}
	for end := time.Now().Add(patience); len(over.Ended) < act.Kills; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("the kernel killed %d processes in %s, not %d", len(over.Ended), patience, act.Kills)
		}
		over.Ended = append(over.Ended, ended(all)...)
	}
	time.Sleep(time.Second) // the kernel may not be done
	over.Ended = append(over.Ended, ended(all)...)
	for _, r := range all {
		for file, text := range read(r.cgroup) {
			over.Files[file] = text
		}
	}
	p.tell(over)
	time.Sleep(after)
	return nil
}

// ended returns the processes that ended since it was asked last.
func ended(all []*running) []scene.Ended {
	var out []scene.Ended
	for _, r := range all {
		select {
		case e := <-r.ended:
			out = append(out, e)
		default:
		}
	}
	return out
}
