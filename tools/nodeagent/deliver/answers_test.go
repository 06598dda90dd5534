package deliver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestStatuses has the bot answer a first report with each status, and take all that follows.
func TestStatuses(t *testing.T) {
	tests := []struct {
		status   int
		rejected int64
		fault    string
	}{
		{http.StatusAccepted, 0, ""},
		{http.StatusOK, 0, "check that the url is the bot's"},
		{http.StatusNoContent, 0, "check that the url is the bot's"},
		{own(http.StatusBadRequest), 1, "the bot did not take a report"},
		{own(http.StatusUnsupportedMediaType), 1, "the bot did not take a report"},
		{own(http.StatusUnprocessableEntity), 1, "the bot did not take a report"},
		{http.StatusBadRequest, 0, "it is not the bot that says so"},
		{http.StatusUnsupportedMediaType, 0, "it is not the bot that says so"},
		{http.StatusUnprocessableEntity, 0, "it is not the bot that says so"},
		{http.StatusRequestEntityTooLarge, 1, "the bot did not take a report"},
		{http.StatusUnauthorized, 0, "audience"},
		{http.StatusForbidden, 0, "audience"},
		{http.StatusFound, 0, "check that the url is the bot's"},
		{http.StatusPermanentRedirect, 0, "check that the url is the bot's"},
		{http.StatusNotFound, 0, "check that the url is the bot's"},
		{http.StatusMethodNotAllowed, 0, "check that the url is the bot's"},
		{http.StatusRequestTimeout, 0, "408"},
		{http.StatusTooManyRequests, 0, "429"},
		{http.StatusInternalServerError, 0, "500"},
		{http.StatusServiceUnavailable, 0, "503"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(http.StatusText(tt.status%1000), tt.status/1000), func(t *testing.T) {
			stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect is followed") }))
			defer stranger.Close()
			first := true
			b := newBot(func(_ int, r investigations.NodeReport, w http.ResponseWriter) int {
				if r.Seq == 0 || !first {
					return http.StatusAccepted
				}
				first = false
				w.Header().Set("Location", stranger.URL)
				return tt.status
			})
			srv := httptest.NewServer(b)
			defer srv.Close()
			o := options(t, srv.URL)
			s := open(t, o)
			send(t, s, kill("a"))
			// Without Run, nothing happens by itself.
			due := time.Now().Add(time.Hour)
			s.step(t.Context(), &due)
			st := s.Stats()
			if st.Rejected != tt.rejected || st.Waiting+st.Delivered+st.Rejected != 1 || (st.Delivered == 1) != (tt.fault == "") {
				t.Errorf("the figures are %+v", st)
			}
			faults := strings.Join(s.Faults(), "\n")
			if tt.fault != "" && (!strings.Contains(faults, tt.fault) || st.LastError == "") || tt.fault == "" && faults != "" {
				t.Errorf("faults %q, last error %q", faults, st.LastError)
			}
			if got := int64(len(files(t, filepath.Join(o.Dir, asideDir)))); got != tt.rejected {
				t.Errorf("%d files are set aside", got)
			}
			if got := int64(len(files(t, o.Dir))); got != st.Waiting {
				t.Errorf("%d files are in the spool, and %d reports wait", got, st.Waiting)
			}
			if st.Waiting == 0 {
				return
			}
			s.mu.Lock()
			s.backed.due = time.Time{}
			s.mu.Unlock()
			s.step(t.Context(), &due)
			if st := s.Stats(); st.Delivered != 1 || st.Waiting != 0 {
				t.Errorf("then the figures are %+v", st)
			}
			for _, f := range s.Faults() {
				if strings.Contains(f, "the bot answered") && tt.rejected == 0 {
					t.Errorf("the fault stays: %s", f)
				}
			}
		})
	}
}

// TestTooLarge has a bot that takes no recordings.
func TestTooLarge(t *testing.T) {
	b := newBot(func(_ int, r investigations.NodeReport, _ http.ResponseWriter) int {
		if r.Recorder != nil || r.Profiles != nil {
			return http.StatusRequestEntityTooLarge
		}
		return http.StatusAccepted
	})
	srv := httptest.NewServer(b)
	defer srv.Close()
	o := options(t, srv.URL)
	r := kill("java")
	r.Recorder = recording(time.Now(), "checkout", 900)
	send(t, open(t, o), r)
	s := open(t, o) // what lies on disk is no other than what is in memory
	run(t, s)
	b.until(t, "the report", func() bool { return s.Stats().Delivered == 1 })
	if diff := cmp.Diff([]string{"java"}, b.comms()); diff != "" {
		t.Error(diff)
	}
	if st := s.Stats(); st.Shed != 1 || st.Rejected != 0 {
		t.Errorf("the figures are %+v", st)
	}
	if got := files(t, o.Dir); len(got) != 0 {
		t.Errorf("the spool holds %q", got)
	}
}

// TestCorrupt has a disk that cut files off, and others' files in the folder.
func TestCorrupt(t *testing.T) {
	b := newBot(nil)
	srv := httptest.NewServer(b)
	defer srv.Close()
	o := options(t, srv.URL)
	send(t, open(t, o), kill("a"), kill("b"), kill("c"), kill("d"))
	names := files(t, o.Dir)
	if len(names) != 4 {
		t.Fatalf("the spool holds %q", names)
	}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(o.Dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(filepath.Join(o.Dir, names[1]))
	if err != nil {
		t.Fatal(err)
	}
	write(names[0], whole[:len(whole)/2])
	write(names[2], nil)
	write(names[3], whole) // under another's name
	write(temporary+"x", whole)
	write("notes.txt", []byte("mine"))
	s := open(t, o)
	run(t, s)
	b.until(t, "all", func() bool { st := s.Stats(); return st.Waiting == 0 && st.Delivered == 1 })
	if diff := cmp.Diff([]string{"b"}, b.comms()); diff != "" {
		t.Error(diff)
	}
	if st := s.Stats(); st.Corrupt != 3 {
		t.Errorf("the figures are %+v", st)
	}
	if diff := cmp.Diff([]string{"notes.txt"}, files(t, o.Dir)); diff != "" {
		t.Error(diff)
	}
	if got := len(files(t, filepath.Join(o.Dir, asideDir))); got != 3 {
		t.Errorf("%d files are set aside", got)
	}
	if f := strings.Join(s.Faults(), "\n"); !strings.Contains(f, "could not be read") {
		t.Errorf("faults: %s", f)
	}
}

// TestAsideIsBounded fails where what the bot never takes fills the disk.
func TestAsideIsBounded(t *testing.T) {
	dir := t.TempDir()
	s := spool{dir}
	for i := range int64(3 * maxAside) {
		k := key{1_700_000_000_000 + i, i + 1, i + 1, testBoot}
		if err := s.aside(k, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
	}
	got := files(t, filepath.Join(dir, asideDir))
	if len(got) != maxAside || !strings.Contains(got[0], "-0000000000000041-") {
		t.Errorf("%d files, the first %s", len(got), got[0])
	}
	if err := s.aside(key{1_800_000_000_000, 99, 99, testBoot}, make([]byte, maxAsideBytes)); err != nil {
		t.Fatal(err)
	}
	if got := files(t, filepath.Join(dir, asideDir)); len(got) != 1 {
		t.Errorf("beside a large file are %q", got)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-3": 0, "x": 0, "99999999999999": 0, "1e9": 0, "86400": maxRetryAfter,
		"Wed, 04 Mar 2026 02:00:30 GMT": 30 * time.Second, "Wed, 04 Mar 2026 01:00:00 GMT": 0,
	} {
		if got := retryAfter(s, now); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

// TestAProxyRefuses has something before the bot refuse everything for a while, as a proxy does that was set up wrong:
// nothing is set aside, and all is delivered once it is mended.
func TestAProxyRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := newBot(func(int, investigations.NodeReport, http.ResponseWriter) int {
			if time.Since(start) < 2*time.Hour {
				return http.StatusBadRequest
			}
			return http.StatusAccepted
		})
		s := open(t, virtual(t, b))
		stop := run(t, s)
		defer stop()
		send(t, s, kill("a"))
		time.Sleep(time.Hour)
		send(t, s, kill("b"))
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		if st := s.Stats(); st.Rejected != 0 || st.Waiting != 2 {
			t.Errorf("after two hours the figures are %+v", st)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if st := s.Stats(); st.Delivered != 2 || st.Waiting != 0 {
			t.Errorf("once it is mended the figures are %+v", st)
		}
		if got := strings.Join(b.comms(), ""); got != "ab" && got != "ba" {
			t.Errorf("what was delivered is %q", got)
		}
	})
}

// TestAProxyRefusesOne has something before the bot refuse one report always, as a filter does that takes its words for an
// attack: it is set aside after a while, and holds up no other one.
func TestAProxyRefusesOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(func(_ int, r investigations.NodeReport, _ http.ResponseWriter) int {
			if len(r.Reports) > 0 && r.Reports[0].Killed[0].Comm == "evil" {
				return http.StatusBadRequest
			}
			return http.StatusAccepted
		})
		o := virtual(t, b)
		send(t, open(t, o), kill("evil"))
		s := open(t, o) // what lies in the spool is sent as it is, and never merged
		stop := run(t, s)
		defer stop()
		time.Sleep(time.Minute)
		send(t, s, kill("a"))
		time.Sleep(time.Second)
		synctest.Wait()
		if st := s.Stats(); st.Delivered != 1 || st.Rejected != 0 || st.Waiting != 1 {
			t.Errorf("after a minute the figures are %+v", st)
		}
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if st := s.Stats(); st.Delivered != 1 || st.Rejected != 1 || st.Waiting != 0 {
			t.Errorf("the figures are %+v", st)
		}
		if got := files(t, filepath.Join(o.Dir, asideDir)); len(got) != 1 {
			t.Errorf("%q are set aside, want the one", got)
		}
		tried := 0
		for _, g := range b.requests() {
			if g.status == http.StatusBadRequest {
				tried++
			}
		}
		if tried < doubts {
			t.Errorf("it was sent %d times, want %d at least", tried, doubts)
		}
	})
}
