package follow

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestKmsgGapAndFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel(128 << 10)
		k.boot()
		h := &heard{}
		stop := follow(t, open(t, k.device(), Options{}), h)
		sleep(time.Second)
		h.all()

		k.set(func() { k.seq += 3 }) // the kernel counts records that it had no room for
		k.print(6, "behind a gap")
		sleep(time.Second)
		want(t, h, "lost 3", "behind a gap", "idle")

		k.set(func() { k.faults = []error{syscall.EINVAL, syscall.EPIPE} })
		k.print(6, "too large")
		k.print(6, "fits")
		sleep(time.Second)
		want(t, h, "lost 1", "fits", "idle")
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestKmsgThatOnlyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel(128 << 10)
		k.boot()
		h := &heard{}
		stop := follow(t, open(t, k.device(), Options{}), h)
		sleep(time.Second)
		k.set(func() { k.faults = slices.Repeat([]error{syscall.EPIPE}, 1000) })
		k.print(6, "one")
		sleep(time.Second)
		if err := stop(); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Follow: %v, want EPIPE", err)
		}
	})
}

// endless is a device whose reads give one text, again and again.
type endless struct {
	device
	text string
}

func (e endless) read(b []byte) (int, error) { return copy(b, e.text), nil }

func TestKmsgThatIsNone(t *testing.T) {
	if _, err := tryOpenDevice(endless{}); !errors.Is(err, ErrNoLog) {
		t.Errorf("a file that ends: %v, want ErrNoLog", err)
	}
	if _, err := tryOpenDevice(endless{text: "no record at all"}); err != nil {
		t.Errorf("an unknown kind of record: %v, want none", err)
	}
}

func tryOpenDevice(d device) (*kmsg, error) {
	o := Options{BootID: "b", uptime: func() time.Duration { return time.Hour }}.filled()
	k, _, err := newKmsg(d, o)
	return k, err
}

func TestKmsgUnknownRecordsArePassedOn(t *testing.T) {
	k, err := tryOpenDevice(endless{text: "what is this?\n KEY=value\n"})
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{}
	k.take([]byte("what is this?\n KEY=value\n"), h)
	want(t, h, "what is this?")
	if h.recs[0].Uptime != -1 {
		t.Errorf("uptime %s, want -1", h.recs[0].Uptime)
	}
}

func TestKmsgBackInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel(128 << 10)
		k.boot()
		l := open(t, k.device(), Options{From: Position{BootID: "boot-1", Reader: Kmsg, NextSeq: 1e9}})
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		k.print(6, "new")
		sleep(time.Second)
		want(t, h, "lost -1", "idle", "new", "idle")
		if got := l.Position().NextSeq; got != 4 {
			t.Errorf("the next one is %d, want 4", got)
		}
		_ = stop() // it is nil, as another test checks
	})
}

func TestKmsgPositionOfAnotherReaderThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel(1 << 10)
		k.boot()
		for range 100 {
			k.print(6, "line")
			sleep(time.Millisecond)
		}
		l := open(t, k.device(), Options{From: Position{BootID: "boot-1", Reader: Syslog, UptimeUS: 1}})
		if l.Start().ReachesPosition {
			t.Errorf("start %+v, want one that does not reach the position", l.Start())
		}
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		if got := h.all(); len(got) < 3 || got[0] != "lost -1" || len(h.lost) != 1 {
			t.Errorf("heard %q, want one loss at first", got)
		}
		_ = stop() // it is nil, as another test checks
	})
}

func TestKmsgHeader(t *testing.T) {
	tests := []struct {
		record string
		want   header
		ok     bool
	}{
		{"6,339,5140900,-;NET: Registered", header{339, 5140900 * time.Microsecond}, true},
		{"4,1623,565289218,c;/oomlab", header{1623, 565289218 * time.Microsecond}, true},
		{"12,7,8,-,caller=T123;text, with a comma", header{7, 8 * time.Microsecond}, true},
		{"6,339;NET", header{}, false},
		{"6,339,", header{}, false},
		{"6,339,99999999999999999999,-;x", header{}, false},
		{"6,339,999999999999999999,-;x", header{}, false},
		{"-1,2,3,-;x", header{}, false},
		{"", header{}, false},
	}
	for _, tt := range tests {
		got, ok := kmsgHeader([]byte(tt.record))
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: %+v, %t, want %+v, %t", tt.record, got, ok, tt.want, tt.ok)
		}
	}
}
