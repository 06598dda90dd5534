package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openReal opens this machine's kernel log, or skips the test.
func openReal(t testing.TB, o Options) *Log {
	t.Helper()
	l, err := Open(o)
	if errors.Is(err, ErrPermission) || errors.Is(err, ErrNoLog) {
		t.Skipf("this machine's kernel log can't be read here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// marked passes on the records that have a mark, without what stands before it; the log is one for the whole machine.
type marked struct {
	mark  string
	lines chan Record
	idle  chan struct{}
}

func newMarked(mark string) *marked {
	return &marked{mark: mark, lines: make(chan Record, 1000), idle: make(chan struct{}, 1)}
}

func (m *marked) Record(r Record) {
	if bytes.Contains(r.Line, []byte(m.mark)) {
		r.Line = bytes.Clone(r.Line)
		m.lines <- r
	}
}

func (m *marked) Lost(Loss) {}

func (m *marked) Idle() {
	select {
	case m.idle <- struct{}{}:
	default:
	}
}

// TestRealKernel follows the kernel log of this machine with both readers, while a program writes into it.
func TestRealKernel(t *testing.T) {
	for _, kind := range []Kind{Syslog, Kmsg} {
		t.Run(string(kind), func(t *testing.T) {
			l := openReal(t, Options{Kind: kind})
			mark := fmt.Sprintf("oombot-test-%s-%d-%d", kind, os.Getpid(), time.Now().UnixNano())
			m := newMarked(mark)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- l.Follow(ctx, m) }()
			<-m.idle // what was there is read
			var got []Record
			for i := range 3 {
				printKernel(t, fmt.Sprintf("<6>%s %d\n", mark, i))
				got = append(got, receive(t, m))
			}
			checkReal(t, got, mark)
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Follow: %v", err)
			}
			pos := l.Position()

			// From there on none of them comes again, and a new one does.
			m = newMarked(mark)
			l = openReal(t, Options{Kind: kind, From: pos})
			if !l.Start().ReachesPosition {
				t.Errorf("start %+v, want one that reaches %+v", l.Start(), pos)
			}
			ctx, cancel = context.WithCancel(t.Context())
			go func() { done <- l.Follow(ctx, m) }()
			printKernel(t, fmt.Sprintf("<6>%s last\n", mark))
			if r := receive(t, m); !bytes.HasSuffix(r.Line, []byte("last")) {
				t.Errorf("heard %q again", r.Line)
			}
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Follow: %v", err)
			}
		})
	}
}

func receive(t *testing.T, m *marked) Record {
	t.Helper()
	select {
	case r := <-m.lines:
		return r
	case <-time.After(30 * time.Second):
		t.Fatal("nothing heard of a record for 30 s")
	}
	return Record{}
}

// checkReal looks at records that this program wrote a moment ago, with the kernel's facility asked for, which it refuses.
func checkReal(t *testing.T, got []Record, mark string) {
	t.Helper()
	now := sinceBoot()
	for i, r := range got {
		line := string(r.Line)
		if !strings.HasSuffix(line, fmt.Sprintf("%s %d", mark, i)) {
			t.Errorf("record %d is %q", i, line)
		}
		if !strings.HasPrefix(line, "<14>") && !strings.HasPrefix(line, "14,") {
			t.Errorf("%q: want the facility of programs, 1", line)
		}
		if age := time.Since(r.At); age < 0 || age > time.Minute {
			t.Errorf("%q is said to be %s old", line, age)
		}
		if r.Uptime <= 0 {
			t.Errorf("%q: uptime %s, with %s since boot", line, r.Uptime, now)
		}
	}
}

func TestRealReadersAgree(t *testing.T) {
	texts := map[Kind]map[string]bool{}
	for _, kind := range []Kind{Syslog, Kmsg} {
		h := &heard{}
		l := openReal(t, Options{Kind: kind, Settle: time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Follow(ctx, h) }()
		for idle := false; !idle; time.Sleep(time.Millisecond) {
			h.mu.Lock()
			idle = h.idles > 0
			h.mu.Unlock()
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		texts[kind] = map[string]bool{}
		for _, r := range h.recs {
			// Records of several lines, and escaped characters, are written in two ways.
			if !bytes.ContainsRune(r.Line, '\\') {
				texts[kind][r.Uptime.String()] = true
			}
		}
	}
	if len(texts[Kmsg]) == 0 {
		t.Skip("the kernel log is empty")
	}
	common := 0
	for up := range texts[Kmsg] {
		if texts[Syslog][up] {
			common++
		}
	}
	// Somebody may have cleared the log for syslog; what it holds is in the other one all the same.
	if common < len(texts[Syslog])*9/10 {
		t.Errorf("of %d stamps by syslog %d are in the %d by kmsg", len(texts[Syslog]), common, len(texts[Kmsg]))
	}
}

func TestEpollInterrupt(t *testing.T) {
	w, err := newEpoll(-1, false)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() { done <- w.wait(time.Hour) }()
	w.interrupt()
	if <-done {
		t.Error("an interrupted wait said that it was woken")
	}
	w.wait(time.Hour) // it ends at once
	if err := w.close(); err != nil {
		t.Error(err)
	}
	w.interrupt() // it must not write into what has the number now
	if err := w.close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func TestEpollWakes(t *testing.T) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	w, err := newEpoll(p[0], true)
	if err != nil {
		t.Fatal(err)
	}
	if w.wait(time.Millisecond) {
		t.Error("woken by an empty pipe")
	}
	for range 2 { // nobody reads the pipe
		if _, err := unix.Write(p[1], []byte("x")); err != nil {
			t.Fatal(err)
		}
		if !w.wait(time.Hour) {
			t.Error("not woken")
		}
	}
	if w.wait(time.Millisecond) {
		t.Error("woken by what it has told already")
	}
	for _, err := range []error{w.close(), unix.Close(p[0]), unix.Close(p[1])} {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	tests := []struct {
		err  error
		is   error
		says string
	}{
		{explainSyslog(syscall.EPERM), ErrPermission, "SYSLOG to securityContext.capabilities.add"},
		{explainSyslog(syscall.ENOSYS), ErrNoLog, "printk"},
		{explainKmsg(syscall.EPERM), ErrPermission, "privileged"},
		{explainKmsg(syscall.EACCES), ErrPermission, "root"},
		{explainKmsg(syscall.ENOENT), ErrNoLog, "hostPath"},
		{explainKmsg(syscall.EIO), syscall.EIO, ""},
	}
	for _, tt := range tests {
		if !errors.Is(tt.err, tt.is) || !strings.Contains(tt.err.Error(), tt.says) {
			t.Errorf("%v, want %v that says %q", tt.err, tt.is, tt.says)
		}
	}
	if explainSyslog(nil) != nil {
		t.Error("no error became one")
	}
}

func TestOpenKmsgOfAFile(t *testing.T) {
	name := t.TempDir() + "/kmsg"
	if _, err := Open(Options{Kind: Kmsg, KmsgPath: name}); !errors.Is(err, ErrNoLog) {
		t.Errorf("no file: %v, want ErrNoLog", err)
	}
	if err := os.WriteFile(name, []byte("6,1,1,-;x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Kind: Kmsg, KmsgPath: name}); !errors.Is(err, ErrNoLog) {
		t.Errorf("a file: %v, want ErrNoLog", err)
	}
}
