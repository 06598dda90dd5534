package cluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/oombot"
)

// guarded runs a program and ends it as soon as the shell's standard input closes: that happens when the test
// process is gone as well, also after a panic or a kill -9, where no cleanup would run.
const guarded = `exec 3<&0
"$@" 3<&- </dev/null &
program=$!
(read -r _ <&3; kill "$program") 2>/dev/null &
guard=$!
exec 3<&-
wait "$program"
code=$?
kill "$guard" 2>/dev/null
exit "$code"`

// process is a program that runs until stop.
type process struct {
	name  string
	stdin io.Closer
	// log is the file that its output goes to.
	log string
	// ended is closed when the program is gone; err is set before.
	ended chan struct{}
	err   error
}

// start runs a program whose output goes to dir/name.log.
func start(dir, name, program string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), ended: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()                                                                     // the program has its own copy
	cmd := exec.Command("sh", append([]string{"-c", guarded, "sh", program}, args...)...) //nolint:noctx // ended by stop, with time to close its files
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() { // ends with the program, for which stop waits
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// ready waits until probe answers true, and fails where the program ends or the time is over before.
func (p *process) ready(within time.Duration, probe func() bool) error {
	deadline := time.Now().Add(within)
	for !probe() {
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it was ready: %w\n%s", p.name, p.err, p.tail())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %s\n%s", p.name, within, p.tail())
		}
	}
	return nil
}

// stop ends the program by SIGTERM and waits until it is gone. It may be called again.
func (p *process) stop() error {
	_ = p.stdin.Close()
	select {
	case <-p.ended:
		return nil
	case <-time.After(30 * time.Second):
		return fmt.Errorf("%s did not end within 30 s of SIGTERM\n%s", p.name, p.tail())
	}
}

// tail returns the end of what the program said.
func (p *process) tail() []byte {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	return text[max(0, len(text)-4000):]
}

// freePort returns a loopback port that nobody listened on a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // returns at once
	if err != nil {
		return 0, err
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if err := errors.Join(l.Close()); err != nil || !ok {
		return 0, fmt.Errorf("listen on a free port: %w", err)
	}
	return addr.Port, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// program returns where a program is, and skips the test where it isn't.
func program(t testing.TB, env, name, hint string) string {
	t.Helper()
	path := name
	if env != "" {
		if path = os.Getenv(env); path == "" {
			path = filepath.Join(oombot.Root(t), "bin", "e2e", name)
		}
	}
	found, err := exec.LookPath(path)
	if err != nil {
		t.Skipf("%s is missing, %s: %v", name, hint, err)
	}
	return found
}
