package follow

import (
	"testing"
	"time"
)

// BenchmarkSyslogIdle is a look at this machine's ring buffer that finds nothing new: almost all of it is the kernel's
// walk over its records.
func BenchmarkSyslogIdle(b *testing.B) {
	l := openReal(b, Options{Kind: Syslog})
	s := l.source.(*syslog)
	h := silent{}
	s.lines(s.first, h)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.look(h); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSyslogWait is a wait for /proc/kmsg that ends by itself, as between two looks.
func BenchmarkSyslogWait(b *testing.B) {
	l := openReal(b, Options{Kind: Syslog})
	s := l.source.(*syslog)
	b.ReportAllocs()
	for b.Loop() {
		s.ring.wait(0)
	}
}

// BenchmarkKmsgRead reads all that this machine's /dev/kmsg holds, record by record.
func BenchmarkKmsgRead(b *testing.B) {
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		l := openReal(b, Options{Kind: Kmsg})
		k := l.source.(*kmsg)
		for {
			n, err := k.read()
			if err != nil {
				break
			}
			k.take(k.buf[:n], silent{})
			records++
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(records), "ns/record")
}

// silent hears nothing.
type silent struct{}

func (silent) Record(Record) {}
func (silent) Lost(Loss)     {}
func (silent) Idle()         {}

func TestNothingIsAllocatedForARecord(t *testing.T) {
	k := newFakeKernel(128 << 10)
	k.boot()
	l := open(t, k.device(), Options{})
	reader := l.source.(*kmsg)
	var h Handler = silent{}
	record := []byte("6,339,5140900,-;NET: Registered PF_INET6 protocol family\n SUBSYSTEM=net\n")
	if n := testing.AllocsPerRun(100, func() { reader.take(record, h) }); n > 0 {
		t.Errorf("kmsg: %v allocations for a record", n)
	}
	l = open(t, k.ring(), Options{})
	sys := l.source.(*syslog)
	lines := []byte("<6>[    5.140900] NET: Registered PF_INET6 protocol family\n<6>[    5.140901] NET: another\n")
	if n := testing.AllocsPerRun(100, func() { sys.lines(lines, h) }); n > 0 {
		t.Errorf("syslog: %v allocations for two records", n)
	}
	ours := openReal(t, Options{Kind: Syslog}).source.(*syslog)
	ours.lines(ours.first, h)
	if n := testing.AllocsPerRun(20, func() {
		if _, err := ours.look(h); err != nil {
			t.Fatal(err)
		}
		ours.ring.wait(time.Microsecond)
	}); n > 1 { // another program may write into the log at this moment
		t.Errorf("syslog: %v allocations for a look", n)
	}
}

// BenchmarkJournalIdle is a round over a journal in which nothing is new.
func BenchmarkJournalIdle(b *testing.B) {
	dir := inDir(b, map[string][]byte{"system.journal": sample(b, "plain")})
	l := openReal(b, Options{Kind: Journal, BootID: sampleBoot, JournalDirs: []string{dir}})
	j := l.source.(*journal)
	if _, _, err := j.round(b.Context(), silent{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if fresh, _, err := j.round(b.Context(), silent{}); err != nil || fresh {
			b.Fatal(fresh, err)
		}
	}
}

// BenchmarkJournalRead reads the sample's boot.
func BenchmarkJournalRead(b *testing.B) {
	dir := inDir(b, map[string][]byte{"system.journal": sample(b, "plain")})
	b.ReportAllocs()
	for b.Loop() {
		l := openReal(b, Options{Kind: Journal, BootID: sampleBoot, JournalDirs: []string{dir}})
		if _, _, err := l.source.(*journal).round(b.Context(), silent{}); err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/245, "ns/record")
}
