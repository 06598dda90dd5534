package follow

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// onSyslog runs a test in a bubble of time: k has booted, l has been followed for a second, and h has heard that.
func onSyslog(t *testing.T, room int, setup func(r *fakeRing), test func(t *testing.T, r *fakeRing, l *Log, h *heard)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newFakeKernel(room).ring()
		if setup != nil {
			setup(r)
		}
		r.boot()
		l := open(t, r, Options{})
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		h.all()
		test(t, r, l, h)
		if err := stop(); err != nil {
			t.Errorf("Follow: %v", err)
		}
	})
}

func TestSyslogReadsLittleWhileNothingIsNew(t *testing.T) {
	onSyslog(t, 128<<10, nil, func(t *testing.T, r *fakeRing, _ *Log, h *heard) {
		for i := range 3000 {
			r.print(6, fmt.Sprintf("line %d", i))
		}
		sleep(5 * time.Second)
		r.set(func() { r.largest, r.reads = 0, 0 })
		sleep(time.Minute)
		if r.largest != steadyRead || r.reads > 31 {
			t.Errorf("%d reads of up to %d bytes in a silent minute, want one in two seconds, of %d", r.reads, r.largest, steadyRead)
		}
		h.all()
		r.print(6, "woken")
		sleep(gather + time.Millisecond)
		want(t, h, "woken")
	})
}

func TestSyslogFindsMoreThanFitsIntoItsRead(t *testing.T) {
	onSyslog(t, 128<<10, nil, func(t *testing.T, r *fakeRing, _ *Log, h *heard) {
		for _, n := range []int{1, 100, 400, 1200} {
			r.set(func() { r.mute = true })
			for i := range n - 1 {
				r.print(6, fmt.Sprintf("%d lines at once: %d", n, i))
			}
			r.set(func() { r.mute = false })
			r.print(6, "end")
			sleep(5 * time.Second)
			got := h.all()
			if len(got) != n+1 || len(h.lost) > 0 {
				t.Errorf("%d lines at once: %d heard, losses %v", n, len(got)-1, h.lost)
			}
			for i, line := range got[:n-1] {
				if line != fmt.Sprintf("%d lines at once: %d", n, i) {
					t.Fatalf("line %d of %d is %q", i, n, line)
				}
			}
		}
	})
}

func TestSyslogWithoutWakeUps(t *testing.T) {
	onSyslog(t, 128<<10, func(r *fakeRing) { r.silent, r.mute = true, true }, func(t *testing.T, r *fakeRing, _ *Log, h *heard) {
		r.print(6, "found at the next look")
		sleep(700 * time.Millisecond)
		want(t, h, "found at the next look", "idle")
	})
}

func TestSyslogWhereAnotherProgramReadsProcKmsg(t *testing.T) {
	onSyslog(t, 128<<10, func(r *fakeRing) { r.mute = true }, func(t *testing.T, r *fakeRing, _ *Log, h *heard) {
		for i := range 3 {
			r.print(6, fmt.Sprintf("nothing woke for %d", i))
			sleep(5 * time.Second)
			want(t, h, fmt.Sprintf("nothing woke for %d", i), "idle")
		}
		r.print(6, "looked at in intervals by now")
		sleep(700 * time.Millisecond)
		want(t, h, "looked at in intervals by now", "idle")
	})
}

func TestSyslogLooksSeldomWhereALookIsDear(t *testing.T) {
	onSyslog(t, 128<<10, func(r *fakeRing) { r.silent, r.mute, r.dear = true, true, 4*time.Millisecond }, func(t *testing.T, r *fakeRing, _ *Log, _ *heard) {
		sleep(30 * time.Second)
		r.set(func() { r.reads = 0 })
		sleep(time.Minute)
		if r.reads < 55 || r.reads > 85 {
			t.Errorf("%d looks of 4 ms in a minute, want one a second or less seldom by little", r.reads)
		}
	})
}

func TestSyslogCleared(t *testing.T) {
	onSyslog(t, 128<<10, nil, func(t *testing.T, r *fakeRing, l *Log, h *heard) {
		r.clear()
		sleep(5 * time.Second)
		want(t, h, "lost -1", "idle")
		if !strings.Contains(h.lost[0].Why, "cleared") {
			t.Errorf("why: %q", h.lost[0].Why)
		}
		if d := h.lost[0].At.Sub(h.lost[0].Since); d <= 0 || d > slowest+time.Second {
			t.Errorf("lost within %s, want the time between two looks", d)
		}
		r.print(6, "behind it")
		sleep(5 * time.Second)
		want(t, h, "behind it", "idle")
		from := l.Position()
		r.print(6, "more")
		r.clear()
		r.print(6, "behind that")
		sleep(5 * time.Second)
		want(t, h, "lost -1", "behind that", "idle")

		start := open(t, r.fakeKernel.ring(), Options{From: from}).Start()
		if start.ReachesBoot || start.ReachesPosition {
			t.Errorf("start of a cleared log: %+v", start)
		}
	})
}

func TestSyslogClearedBeforeItWasOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFakeKernel(128 << 10).ring()
		r.boot()
		r.clear()
		l := open(t, r, Options{})
		if got, want := l.Start(), (Start{OldestUptime: -1}); got != want {
			t.Errorf("start of an empty log: %+v, want %+v", got, want)
		}
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		r.print(6, "first")
		sleep(time.Second)
		want(t, h, "first", "idle")
		_ = stop() // it is nil, as another test checks
	})
}

func TestSyslogLinesThatRepeat(t *testing.T) {
	for _, noTime := range []bool{false, true} {
		t.Run(fmt.Sprint("printk.time=", !noTime), func(t *testing.T) {
			onSyslog(t, 128<<10, func(r *fakeRing) { r.noTime = noTime }, func(t *testing.T, r *fakeRing, _ *Log, h *heard) {
				// In one record, and so with one stamp.
				r.print(6, "a\n\n\na\nb")
				sleep(time.Second)
				r.print(6, "a\n\n\na\nc")
				sleep(time.Second)
				r.print(6, "a\n\n\na\nd")
				sleep(5 * time.Second)
				var text []string
				for _, rec := range h.recs[3:] {
					line := string(rec.Line)
					text = append(text, line[strings.LastIndexAny(line, "> ")+1:])
				}
				if got := strings.Join(text, ","); got != "a,,,a,b,a,,,a,c,a,,,a,d" || len(h.lost) > 0 {
					t.Errorf("lines %q, losses %v", got, h.lost)
				}
			})
		})
	}
}

func TestSyslogWithCallers(t *testing.T) {
	onSyslog(t, 128<<10, func(r *fakeRing) { r.caller = "[ T9185]" }, func(t *testing.T, r *fakeRing, l *Log, h *heard) {
		if !l.Start().ReachesBoot {
			t.Error("the banner was not found behind a caller")
		}
		r.print(4, "one")
		sleep(time.Second)
		want(t, h, "one", "idle")
		if up := h.recs[3].Uptime; up < time.Minute {
			t.Errorf("uptime of %q: %s", h.recs[3].Line, up)
		}
	})
}

func TestSyslogStampsSwitchedOff(t *testing.T) {
	onSyslog(t, 128<<10, nil, func(t *testing.T, r *fakeRing, _ *Log, h *heard) {
		r.set(func() { r.noTime = true })
		sleep(5 * time.Second)
		want(t, h, "lost -1", "idle")
		r.print(4, "one")
		sleep(time.Second)
		want(t, h, "<4>one", "idle")
	})
}

func TestSyslogLargeRecord(t *testing.T) {
	onSyslog(t, 128<<10, nil, func(t *testing.T, r *fakeRing, _ *Log, h *heard) {
		// More than the steady read holds: the kernel then shows nothing at all.
		r.print(6, strings.Repeat("a short line\n", 600)+"end")
		sleep(5 * time.Second)
		if got := h.all(); len(got) != 602 || got[600] != "end" || len(h.lost) > 0 {
			t.Errorf("%d lines, losses %v", len(got), h.lost)
		}
		r.print(6, "next")
		sleep(5 * time.Second)
		want(t, h, "next", "idle")
	})
}

func TestSyslogBackInTime(t *testing.T) {
	// A machine that was set back to a snapshot has the boot id that it had, and an earlier log.
	synctest.Test(t, func(t *testing.T) {
		r := newFakeKernel(128 << 10).ring()
		r.boot()
		l := open(t, r, Options{From: Position{BootID: "boot-1", Reader: Syslog, UptimeUS: 1e12, Lines: 8, Hash: "1"}})
		h := &heard{}
		stop := follow(t, l, h)
		sleep(5 * time.Second)
		h.all()
		r.print(6, "new")
		sleep(5 * time.Second)
		want(t, h, "new", "idle")
		_ = stop() // it is nil, as another test checks
	})
}

func TestSyslogPiecesOfALine(t *testing.T) {
	var s tail
	q := []byte("<6>[    1.000000] a\n<6>[    2.000000] b")
	if got := string(complete(q)); got != "<6>[    1.000000] a\n" {
		t.Errorf("complete lines %q", got)
	}
	s.add(complete(q))
	if at := s.find([]byte("<6>[    1.000000] a\n<6>[    2.000000] b and its end\n")); at != 20 {
		t.Errorf("found at %d, want 20", at)
	}
}

func TestSyslogFaultsOfOpening(t *testing.T) {
	r := newFakeKernel(1 << 10).ring()
	r.faults = []error{fmt.Errorf("%w: %w", ErrPermission, syscall.EPERM)}
	if _, err := tryOpen(r, Options{}); !errors.Is(err, ErrPermission) || !errors.Is(err, syscall.EPERM) {
		t.Errorf("error %v, want ErrPermission", err)
	}
	r.faults = []error{syscall.EINTR, syscall.EINTR}
	if _, err := tryOpen(r, Options{}); err != nil {
		t.Errorf("interrupted: %v", err)
	}
}

func TestBanner(t *testing.T) {
	tests := []struct {
		name, log string
		want      bool
	}{
		{"x86", "<5>[    0.000000] Linux version 6.1\n", true},
		{"arm64", "<6>[    0.000000] Booting Linux on physical CPU 0x0\n<5>[    0.000000] Linux version 6.1\n", true},
		{"no stamps", "<5>Linux version 6.1\n", true},
		{"callers", "<5>[    0.000000][    T0] Linux version 6.1\n", true},
		{"by a program", "<13>[    0.000000] Linux version 6.1\n", false},
		{"later", "<5>[ 3600.000000] Linux version 6.1\n", false},
		{"wrapped around", "<5>[    9.000000] usb 1-1\n", false},
		{"in a text", "<5>[    0.000000] kvm: guest has Linux version 6.1\n", false},
		{"empty", "", false},
	}
	for _, tt := range tests {
		if got := holdsBanner([]byte(tt.log)); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestStamps(t *testing.T) {
	tests := []struct {
		line string
		want time.Duration
	}{
		{"<6>[   12.345678] msg", 12*time.Second + 345678*time.Microsecond},
		{"<6>[123456.000001][ T12] msg", 123456*time.Second + time.Microsecond},
		{"<191>[    0.000000] msg", 0},
		{"[    1.000000] msg", time.Second},
		{"<6>msg", -1},
		{"<6>[  pid  ]   uid", -1},
		{"<6>[   4711]  1000", -1},
		{"<6>[   12.34567] five digits", -1},
		{"<6>[   12.345678", -1},
		{"<6>[", -1},
		{"<", -1},
		{"", -1},
		{"<6>[9999999999.000000] msg", -1},
	}
	for _, tt := range tests {
		if got := stampOf([]byte(tt.line)); got != tt.want {
			t.Errorf("stamp of %q: %s, want %s", tt.line, got, tt.want)
		}
	}
}
