package deliver

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestDisk has a folder that can't be written, and then can.
func TestDisk(t *testing.T) {
	b := newBot(nil)
	srv := httptest.NewServer(b)
	defer srv.Close()
	o := options(t, "http://127.0.0.1:1")
	if err := os.WriteFile(o.Dir, nil, 0o600); err != nil { // a file in its place
		t.Fatal(err)
	}
	s := open(t, o)
	send(t, s, kill("a"), kill("b"))
	if f := strings.Join(s.Faults(), "\n"); !strings.Contains(f, "the spool can't be used") {
		t.Errorf("faults: %q", f)
	}
	if h := s.beat(time.Now()); h.Waiting != 2 || len(h.Faults) != 1 {
		t.Errorf("the heartbeat is %+v", h)
	}
	// The bot gets what is in memory alone.
	s.client.url = srv.URL + path
	due := time.Now().Add(time.Hour)
	s.step(t.Context(), &due)
	if diff := cmp.Diff([]string{"a", "b"}, b.comms()); diff != "" {
		t.Error(diff)
	}
	send(t, s, kill("c"))
	if err := os.Remove(o.Dir); err != nil {
		t.Fatal(err)
	}
	s.spoolFailed = time.Time{}
	s.store()
	if got := files(t, o.Dir); len(got) != 1 || s.Faults() != nil {
		t.Errorf("the spool holds %q, faults %q", got, s.Faults())
	}
	s.step(t.Context(), &due)
	s.pace = pace{}
	s.step(t.Context(), &due)
	if diff := cmp.Diff([]string{"a", "b", "c"}, b.comms()); diff != "" {
		t.Error(diff)
	}
	if got := files(t, o.Dir); len(got) != 0 {
		t.Errorf("the spool holds %q", got)
	}
	o.Dir = ""
	if f := open(t, o).Faults(); len(f) != 1 || !strings.Contains(f[0], "no spool folder") {
		t.Errorf("without a folder: %q", f)
	}
}

func TestBounds(t *testing.T) {
	o := options(t, "http://127.0.0.1:1")
	o.MaxReports = 3
	s := open(t, o)
	send(t, s, kill("a"), kill("b"), kill("c"), kill("d"), kill("e"))
	if st := s.Stats(); st.Dropped != 2 || st.Waiting != 3 || s.beat(time.Now()).Dropped != 2 {
		t.Errorf("the figures are %+v", st)
	}
	if diff := cmp.Diff([]string{"c", "d", "e"}, lying(t, s)); diff != "" {
		t.Error(diff)
	}
	o.MaxReports = 1
	s = open(t, o)
	if diff := cmp.Diff([]string{"e"}, lying(t, s)); diff != "" {
		t.Error(diff)
	}
}

// TestBytes has recordings go before reports, and the oldest before the newest.
func TestBytes(t *testing.T) {
	o := options(t, "http://127.0.0.1:1")
	large := func(comm string) investigations.NodeReport {
		r := kill(comm)
		r.Recorder = recording(time.Now(), "p-"+comm, 3000)
		return r
	}
	body, _, err := pack(large("a"))
	if err != nil {
		t.Fatal(err)
	}
	o.MaxBytes = int64(len(body)) * 5 / 2
	s := open(t, o)
	for _, comm := range []string{"a", "b", "c", "d"} {
		send(t, s, large(comm))
	}
	shed := func(s *Sender) (out []bool) {
		for _, p := range parcels(t, s) {
			out = append(out, len(p.Recorder) == 0)
		}
		return out
	}
	if st := s.Stats(); st.Dropped != 0 || st.Shed != 2 || st.WaitingBytes > o.MaxBytes {
		t.Errorf("the figures are %+v", st)
	}
	if diff := cmp.Diff([]bool{true, true, false, false}, shed(s)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, lying(t, s)); diff != "" {
		t.Error(diff)
	}
	o.MaxBytes = 700 // less than two reports
	s = open(t, o)
	if st := s.Stats(); st.Dropped == 0 || st.WaitingBytes > o.MaxBytes {
		t.Errorf("the figures are %+v", st)
	}
	var onDisk int64
	for _, name := range files(t, o.Dir) {
		info, err := os.Stat(filepath.Join(o.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		onDisk += info.Size()
	}
	if onDisk != s.Stats().WaitingBytes {
		t.Errorf("%d bytes lie in the spool, and %d are counted", onDisk, s.Stats().WaitingBytes)
	}
}

// TestMemory fails where more is kept in memory than may be.
func TestMemory(t *testing.T) {
	o := options(t, "http://127.0.0.1:1")
	o.MaxMemory = 1000
	s := open(t, o)
	for range 20 {
		send(t, s, kill("a"))
	}
	if s.queue.memory > o.MaxMemory || s.Stats().Waiting != 20 || s.Stats().Dropped != 0 {
		t.Errorf("%d bytes in memory, %+v", s.queue.memory, s.Stats())
	}
	o.Dir = ""
	s = open(t, o)
	for range 20 {
		send(t, s, kill("a"))
	}
	st := s.Stats()
	if s.queue.memory > o.MaxMemory || st.Dropped == 0 || st.Waiting+st.Dropped != 20 || s.queue.memory != st.WaitingBytes {
		t.Errorf("without a disk %d bytes in memory, %+v", s.queue.memory, st)
	}
}

// TestLeftovers has an agent die between the parts of a merge.
func TestLeftovers(t *testing.T) {
	o := options(t, "http://127.0.0.1:1")
	s := open(t, o)
	send(t, s, kill("a"), kill("b"), kill("c"), kill("d"))
	parts := files(t, o.Dir)
	saved := map[string][]byte{}
	for _, name := range parts {
		data, err := os.ReadFile(filepath.Join(o.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		saved[name] = data
	}
	whole := s.merge(slices.Clone(s.queue.entries[:3]))
	if whole == nil || whole.first != 1 || whole.last != 3 || whole.count != 3 {
		t.Fatalf("merged is %+v", whole)
	}
	if got := files(t, o.Dir); len(got) != 2 {
		t.Errorf("the spool holds %q", got)
	}
	for name, data := range saved {
		if err := os.WriteFile(filepath.Join(o.Dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, lying(t, open(t, o))); diff != "" {
		t.Error(diff)
	}
	if got := files(t, o.Dir); len(got) != 2 {
		t.Errorf("the spool holds %q", got)
	}
}

// parcels returns what waits, in the order in which it is sent.
func parcels(t *testing.T, s *Sender) []parcel {
	t.Helper()
	var out []parcel
	for _, e := range s.queue.entries {
		body, err := s.body(e)
		if err != nil {
			t.Fatal(err)
		}
		p, err := unpack(body)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// lying returns the killed commands of what waits.
func lying(t *testing.T, s *Sender) []string {
	t.Helper()
	var out []string
	for _, p := range parcels(t, s) {
		for _, raw := range p.Reports {
			var r struct{ Killed []struct{ Comm string } }
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatal(err)
			}
			out = append(out, r.Killed[0].Comm)
		}
	}
	return out
}

func FuzzUnpack(f *testing.F) {
	r := kill("java")
	r.Version, r.Node, r.BootID, r.Seq = 1, testNode, testBoot, 7
	r.Recorder = recording(time.Unix(1_700_000_000, 0), "checkout", 5)
	body, _, err := pack(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := unpack(data)
		if err != nil {
			return
		}
		q := p
		if err := q.add(p); err == nil && (q.Seq != p.Seq || len(q.Reports) != 2*len(p.Reports)) {
			t.Errorf("a report and itself are %+v", q)
		}
		again, _, err := pack(p)
		if err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		if _, err := unpack(again); err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
	})
}

func FuzzReadKey(f *testing.F) {
	f.Add(key{1_700_000_000_000, 1, 2, testBoot}.file())
	f.Add("../x")
	f.Fuzz(func(t *testing.T, name string) {
		k, ok := readKey(name)
		if ok && (k.file() != name || filepath.Base(name) != name) {
			t.Errorf("%q is read as %+v", name, k)
		}
	})
}
