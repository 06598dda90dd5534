package vm

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/machine"
	"github.com/oombot/oombot/e2e/vm/scene"
	"github.com/oombot/oombot/investigations"
)

// within is how long the machine may take; it is far more than it does.
const within = 12 * time.Minute

// post is a report that the agent posted.
type post struct {
	investigations.NodeReport
	// at is when it came to the guest's end of the port, status what the bot answered.
	at     time.Time
	status int
	bytes  int
}

// told is all that a machine told.
type told struct {
	posts    []post
	readings []scene.Frame
	acts     map[string]scene.Frame
	agent    scene.Frame
	log      strings.Builder
	took     time.Duration
}

// host is this machine's end of the port.
type host struct {
	told told
	// bot is where posts go, onAct is told when an act is over.
	bot   string
	onAct func(scene.Frame)
	end   *scene.Frame
	fault []error
}

// run boots a machine whose agent uses a reader, and returns when it is off.
func (h *host) run(t *testing.T, reader string) {
	t.Helper()
	program, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "port"))
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan struct{})
	go func() { // ends with the machine, or where none comes
		defer close(heard)
		if c, err := l.Accept(); err == nil {
			h.hear(t.Context(), c)
		}
	}()
	defer func() { _ = l.Close() }()
	console, took, err := machine.Run(t, machine.Options{
		MiB: 512, Files: map[string][]byte{"init": machine.Build(t, "./guest"), "bin/oombot": program},
		// What the kernel prints goes to its log; the console would take longer than the kills.
		Append: "loglevel=3 psi=1 " + scene.Reader + "=" + reader, Serial: "unix:" + l.Addr().String(), Within: within,
	})
	_ = l.Close()
	<-heard
	h.told.took = took
	if err != nil || h.end == nil || h.end.Text != "" {
		t.Fatalf("the machine did not play to its end: %v, %+v\n%s\n%s", err, h.end, h.told.log.String(), console)
	}
	for _, err := range h.fault {
		t.Error(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log of the agent:\n%s", h.told.log.String())
		}
	})
}

func (h *host) hear(ctx context.Context, c net.Conn) {
	defer func() { _ = c.Close() }()
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var f scene.Frame
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			h.fault = append(h.fault, fmt.Errorf("a frame of the guest: %w in %.200q", err, lines.Text()))
			continue
		}
		switch f.Kind {
		case scene.KindPost:
			line, err := json.Marshal(h.post(ctx, f))
			if err != nil {
				h.fault = append(h.fault, err)
			}
			if _, err := c.Write(append(line, '\n')); err != nil {
				h.fault = append(h.fault, fmt.Errorf("answer the guest: %w", err))
			}
		case scene.KindReading:
			h.told.readings = append(h.told.readings, f)
		case scene.KindAct:
			if h.told.acts == nil {
				h.told.acts = map[string]scene.Frame{}
			}
			h.told.acts[f.Text] = f
			h.onAct(f)
		case scene.KindAgent:
			h.told.agent = f
		case scene.KindLog:
			fmt.Fprintln(&h.told.log, f.At.UTC().Format("15:04:05.000"), f.Text)
		case scene.KindEnd:
			h.end = &f
		}
	}
}

// post hands a request of the agent to the bot, and keeps what it says.
func (h *host) post(ctx context.Context, f scene.Frame) scene.Answer {
	a := scene.Answer{ID: f.ID, Status: http.StatusBadGateway}
	req, err := http.NewRequestWithContext(ctx, f.Method, h.bot+f.Path, bytes.NewReader(f.Body))
	if err != nil {
		h.fault = append(h.fault, err)
		return a
	}
	for name, value := range f.Header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.fault = append(h.fault, err)
		return a
	}
	defer res.Body.Close()
	a.Status = res.StatusCode
	if a.Body, err = io.ReadAll(res.Body); err != nil {
		h.fault = append(h.fault, err)
	}
	p := post{at: f.At, status: a.Status, bytes: len(f.Body)}
	z, err := gzip.NewReader(bytes.NewReader(f.Body))
	if err == nil {
		err = json.NewDecoder(z).Decode(&p.NodeReport)
	}
	if err != nil {
		h.fault = append(h.fault, fmt.Errorf("a post of the agent: %w", err))
	}
	h.told.posts = append(h.told.posts, p)
	return a
}
