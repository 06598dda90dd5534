package deliver

import (
	"bytes"
	"encoding/pem"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestDeliver(t *testing.T) {
	b := newBot(nil)
	srv := httptest.NewServer(b)
	defer srv.Close()
	o := options(t, srv.URL+"/")
	lossless := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	o.Beat = func() investigations.NodeHeartbeat {
		return investigations.NodeHeartbeat{Reader: "kmsg", LosslessSince: &lossless, Faults: []string{"no cgroups"}}
	}
	s := open(t, o)
	run(t, s)
	sent := kill("java")
	sent.Counted = []investigations.CountedKill{{Path: "/kubepods/x", Kills: 2}}
	sent.UserKills = []investigations.UserKill{{Killer: investigations.UserKillSystemdOOMD, Text: "Killed /x"}}
	sent.Pods = []investigations.NodePod{{UID: "u", Namespace: "shop", Name: "checkout"}}
	sent.Recorder = recording(lossless, "checkout", 10)
	sent.Profiles = []investigations.NodeProfile{{Namespace: "shop", Pod: "checkout", Data: []byte{1, 2}}}
	send(t, s, sent)
	b.until(t, "the report", func() bool { return len(b.taken()) == 1 })
	g := b.taken()[0]
	for name, want := range map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"} {
		if got := g.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if date, err := http.ParseTime(g.header.Get("Date")); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("the clock of the node says %q", g.header.Get("Date"))
	}
	if h := g.report.Heartbeat; h == nil || h.Reader != "kmsg" || h.At.IsZero() || !h.LosslessSince.Equal(lossless) || !slices.Equal(h.Faults, []string{"no cgroups"}) {
		t.Errorf("the heartbeat is %+v", h)
	}
	sent.Version, sent.Node, sent.BootID, sent.Seq, sent.Heartbeat = 1, testNode, testBoot, 1, g.report.Heartbeat
	if diff := cmp.Diff(sent, g.report); diff != "" {
		t.Error(diff)
	}
	b.until(t, "an empty spool", func() bool { return len(files(t, o.Dir)) == 0 })
	if st := s.Stats(); st.Delivered != 1 || st.Waiting != 0 || st.WaitingBytes != 0 || st.LastSuccess.IsZero() || st.LastError != "" {
		t.Errorf("the figures are %+v", st)
	}
	if f := s.Faults(); f != nil || s.Waiting() {
		t.Errorf("faults: %q, it waits: %t", f, s.Waiting())
	}
	if h := g.report.Heartbeat; h.Waiting != 0 {
		t.Errorf("the heartbeat counts the report that it comes with: %+v", h)
	}
}

// TestSeq fails where a number is used twice in a boot: reports that are new would be taken for repeated ones.
func TestSeq(t *testing.T) {
	o := options(t, "http://127.0.0.1:1")
	up := 5 * time.Second
	o.uptime = func() time.Duration { return up }
	seqs := func(s *Sender) []int64 {
		var out []int64
		for _, e := range s.queue.entries {
			out = append(out, e.last)
		}
		return out
	}
	s := open(t, o)
	send(t, s, kill("a"), kill("b"))
	if diff := cmp.Diff([]int64{5000, 5001}, seqs(s)); diff != "" {
		t.Error(diff)
	}
	// A new agent in the same boot, whose clock stands: what lies there counts.
	s = open(t, o)
	send(t, s, kill("c"))
	if diff := cmp.Diff([]int64{5000, 5001, 5002}, seqs(s)); diff != "" {
		t.Error(diff)
	}
	// And one whose spool is gone.
	o.Dir = filepath.Join(t.TempDir(), "another")
	up += time.Second
	s = open(t, o)
	send(t, s, kill("d"))
	if diff := cmp.Diff([]int64{6000}, seqs(s)); diff != "" {
		t.Error(diff)
	}
	if a, b := bootTime(), bootTime(); a <= 0 || b < a {
		t.Errorf("the machine runs for %s, then %s", a, b)
	}
}

// TestRestart has agents die without warning, while the bot is away.
func TestRestart(t *testing.T) {
	o := options(t, "http://127.0.0.1:1")
	send(t, open(t, o), kill("a"), kill("b")) // never run
	s := open(t, o)
	stop := run(t, s)
	send(t, s, kill("c"))
	stop()
	before := len(files(t, o.Dir))
	if before == 0 {
		t.Fatal("nothing lies in the spool")
	}
	b := newBot(nil)
	srv := httptest.NewServer(b)
	defer srv.Close()
	o.URL = srv.URL
	s = open(t, o)
	if got := s.Stats().WaitingBytes; got == 0 {
		t.Error("what waits has no size")
	}
	run(t, s)
	send(t, s, kill("d"))
	b.until(t, "four reports", func() bool { return len(b.comms()) == 4 })
	comms := b.comms()
	slices.Sort(comms)
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, comms); diff != "" {
		t.Error(diff)
	}
	seen := map[int64]bool{}
	for _, g := range b.taken() {
		if seen[g.report.Seq] || g.report.BootID != testBoot {
			t.Errorf("number %d of boot %s comes twice", g.report.Seq, g.report.BootID)
		}
		seen[g.report.Seq] = true
	}
	b.until(t, "an empty spool", func() bool { return len(files(t, o.Dir)) == 0 })
}

func TestToken(t *testing.T) {
	b := newBot(nil)
	srv := httptest.NewServer(b)
	defer srv.Close()
	log := &logTo{}
	o := options(t, srv.URL)
	var token atomic.Pointer[string]
	o.Token = func() (string, error) {
		if t := token.Load(); t != nil {
			return *t, nil
		}
		return "", fs.ErrNotExist
	}
	o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := open(t, o)
	run(t, s)
	for i, next := range []string{"first-hunter2", "second-hunter2"} {
		text := next + "\n"
		token.Store(&text)
		s.mu.Lock()
		s.backed.clear() // before there was one, a heartbeat may have been tried
		s.mu.Unlock()
		send(t, s, kill("a"))
		b.until(t, next, func() bool { return len(b.taken()) == i+1 })
		if got := b.taken()[i].header.Get("Authorization"); got != "Bearer "+next {
			t.Errorf("Authorization: %q", got)
		}
	}
	for _, bad := range []string{"two words", "a\nb"} {
		token.Store(&bad)
		if a := s.client.tokenFault(t); !strings.Contains(a, "something else than a token") {
			t.Errorf("token %q: %s", bad, a)
		}
	}
	if text := log.text(); strings.Contains(text, "hunter2") {
		t.Errorf("the log tells the token:\n%s", text)
	}
}

// tokenFault is what a client of the same options says of its token.
func (c *client) tokenFault(t *testing.T) string {
	t.Helper()
	other := client{url: c.url, token: c.token}
	a := other.post(t.Context(), nil)
	if a.outcome != refused || a.err == nil {
		t.Fatalf("the answer is %+v", a)
	}
	return a.err.Error()
}

// TestCertificate has the bot's certificate replaced, and with it the file of its authority.
func TestCertificate(t *testing.T) {
	b := newBot(nil)
	srv := httptest.NewUnstartedServer(b)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of a handshake that has to fail
	srv.StartTLS()
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.crt")
	write := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(ca, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	right := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	c := client{url: srv.URL + path, caFile: ca}
	body, _, err := pack(kill("a"))
	if err != nil {
		t.Fatal(err)
	}
	if a := c.post(t.Context(), body); a.outcome != refused || !strings.Contains(a.err.Error(), "certificate authority") {
		t.Errorf("without the file: %+v", a)
	}
	write([]byte("no certificate"))
	if a := c.post(t.Context(), body); a.outcome != refused || !strings.Contains(a.err.Error(), "holds no certificate") {
		t.Errorf("with another file: %+v", a)
	}
	write(right)
	if a := c.post(t.Context(), body); a.outcome != delivered {
		t.Errorf("with the file: %+v", a)
	}
	c.caFile = ""
	if a := c.post(t.Context(), body); a.outcome != later {
		t.Errorf("with the system's authorities: %+v", a)
	}
	// A connection of HTTP/1.1 is kept.
	c.caFile = ca
	for range 2 {
		if a := c.post(t.Context(), body); a.outcome != delivered {
			t.Fatalf("again: %+v", a)
		}
	}
	c.close()
}

func TestValidate(t *testing.T) {
	good := options(t, "http://oombot:8080")
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Options){
		"url is no URL":         func(o *Options) { o.URL = "oombot:8080" },
		"more than an address":  func(o *Options) { o.URL = "http://u:hunter2@oombot" },
		"node's name":           func(o *Options) { o.Node = "" },
		"boot's id":             func(o *Options) { o.BootID = "../x" },
		"the logger is missing": func(o *Options) { o.Log = nil },
	} {
		o := good
		change(&o)
		_, err := Open(o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// BenchmarkArrival is the time from Send to the request's arrival at a bot on the same machine.
func BenchmarkArrival(b *testing.B) {
	arrived := make(chan struct{}, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer srv.Close()
	s, err := Open(Options{
		URL: srv.URL, Node: testNode, BootID: testBoot, Dir: b.TempDir(), Log: slog.New(slog.DiscardHandler), Interval: time.Hour,
	})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(b.Context()) }()
	<-arrived // a heartbeat
	r := kill("java")
	r.Recorder = recording(time.Now(), "checkout", 900)
	var all []time.Duration
	for b.Loop() {
		b.StopTimer()
		s.mu.Lock()
		s.pace = pace{} // each is the first of its kind
		s.mu.Unlock()
		b.StartTimer()
		start := time.Now()
		go func() { _ = s.Send(r) }() // it can't fail, and arrival is what counts
		<-arrived
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

func TestUnpackFails(t *testing.T) {
	body, _, err := pack(kill("a")) // without number
	if err != nil {
		t.Fatal(err)
	}
	bomb, _, err := pack(strings.Repeat("x", maxUnpacked+10))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "no gzip": []byte("{}"), "cut off": body[:len(body)-9], "no number": body, "too much": bomb,
		"cut at its head": bytes.Clone(body[1:]),
	} {
		if p, err := unpack(data); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
