package follow

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzFollow prints, clears, and lets time pass, as the script says. Each record has to be heard once and in order, or a
// loss in its place.
func FuzzFollow(f *testing.F) {
	f.Add([]byte{0, 3, 1, 9, 2, 0, 0, 200, 1, 1, 3, 255, 1, 30})
	f.Add([]byte{3, 255, 3, 255, 1, 2, 2, 0, 2, 0, 1, 1, 4, 9, 1, 50, 4, 1})
	f.Add([]byte{5, 1, 0, 9, 1, 9, 5, 1, 2, 0, 0, 9, 1, 9})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 40 {
			return
		}
		for _, e := range ends {
			synctest.Test(t, func(t *testing.T) { play(t, e.end, script) })
		}
	})
}

// play plays a script, of pairs of what to do and how much.
func play(t *testing.T, end func(*fakeKernel) any, script []byte) {
	t.Helper()
	k := newFakeKernel(8 << 10)
	k.boot()
	h := &heard{}
	l := open(t, end(k), Options{})
	stop := follow(t, l, h)
	printed := 0
	for len(script) >= 2 {
		op, n := script[0], int(script[1])
		script = script[2:]
		switch op % 6 {
		case 0: // a report
			for range n {
				k.print(4, fmt.Sprintf("n=%d", printed))
				printed++
			}
		case 1:
			time.Sleep(time.Duration(n) * 20 * time.Millisecond)
		case 2:
			k.clear()
		case 3: // lines of several lengths, some of them alike but for the number
			for i := range n {
				k.print(i%16, fmt.Sprintf("%s n=%d", strings.Repeat("x", i*7%300), printed))
				printed++
			}
		case 4: // records of several lines
			for range n % 8 {
				k.print(6, fmt.Sprintf("a\n\nb n=%d", printed))
				printed++
			}
		case 5: // the agent is started anew
			synctest.Wait()
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			l = open(t, end(k), Options{From: l.Position()})
			stop = follow(t, l, h)
		}
	}
	time.Sleep(10 * time.Second)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	next, lost := 0, false
	for _, line := range h.lines {
		if strings.HasPrefix(line, "lost ") {
			lost = true
			continue
		}
		_, number, ok := strings.Cut(line, "n=")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < next || n > next && !lost {
			t.Fatalf("%T: heard %.99q where %d was next; of a loss: %t", end(k), line, next, lost)
		}
		next, lost = n+1, false
	}
	if next != printed && !lost {
		t.Fatalf("%T: heard of %d records out of %d, and of no loss", end(k), next, printed)
	}
}

// FuzzFind looks for the end of one text in another one: whatever they are, what is found is behind the last known line.
func FuzzFind(f *testing.F) {
	f.Add([]byte("a\nb\n"), []byte("a\nb\nc\n"))
	f.Add([]byte("a\na\n"), []byte("a\na\na\n"))
	f.Add([]byte("<6>[    1.000000] a\n"), []byte("\n\n"))
	f.Fuzz(func(t *testing.T, known, q []byte) {
		known, q = complete(known), complete(q)
		var s tail
		s.add(known)
		at := s.find(q)
		switch {
		case at < -1 || at > len(q):
			t.Fatalf("found at %d of %d", at, len(q))
		case len(known) == 0 || at < 0:
		case at == 0 || !bytes.HasSuffix(q[:at], s.text[lineStart(s.text, len(s.text)):]):
			t.Fatalf("found at %d, behind %q", at, q[:at])
		}
		lines, sum := s.hash()
		if lines > hashedLines || lines > 0 && sum == "" {
			t.Fatalf("hash %q of %d lines", sum, lines)
		}
		holdsBanner(q)
		if p, _ := locate(q, Position{Reader: Syslog, UptimeUS: -1, Lines: lines, Hash: sum}); p < 0 || p > len(q) {
			t.Fatalf("located at %d of %d", p, len(q))
		}
		_, _ = kmsgHeader(q)
	})
}
