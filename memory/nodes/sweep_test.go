package nodes

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

const day = 24 * time.Hour

// TestSweep removes recordings after a week, the rest after a month, and nodes that are not heard any more.
func TestSweep(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		w.take(full())
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			after                         time.Duration
			reports, recordings, profiles int
		}{{6 * day, 1, 1, 1}, {8 * day, 1, 0, 0}, {29 * day, 1, 0, 0}} {
			if err := w.Sweep(t.Context(), moment.Add(tt.after)); err != nil {
				t.Fatal(err)
			}
			for _, when := range []string{"at once", "after a restart"} {
				a := w.account("n1", time.Hour, time.Hour)
				if len(a.Reports) != tt.reports || len(a.Recordings) != tt.recordings || len(a.Profiles) != tt.profiles {
					t.Errorf("after %s, %s: %d reports, %d recordings, %d profiles", tt.after, when, len(a.Reports), len(a.Recordings), len(a.Profiles))
				}
				w.open()
			}
		}
		if err := w.Sweep(t.Context(), moment.Add(31*day)); err != nil {
			t.Fatal(err)
		}
		w.empty()
		if err := w.Sweep(t.Context(), moment.Add(40*day)); err != nil {
			t.Fatal(err)
		}
		w.open()
		if len(w.nodes) > 0 {
			t.Errorf("%d nodes are still known", len(w.nodes))
		}
	})
}

// withProfile is a report of an hour with a profile of some bytes.
func withProfile(node string, hours, bytes int) investigations.NodeReport {
	at := moment.Add(time.Duration(hours) * time.Hour)
	return investigations.NodeReport{
		Node: node, Reports: []investigations.KernelReport{kernelAt(time.Duration(hours)*time.Hour, int64(hours))},
		Profiles: []investigations.NodeProfile{{Namespace: "a", Pod: "b", Container: "c", At: at, Data: noise(bytes)}},
	}
}

// TestRoom has more media than are kept: the oldest go, of whatever node, and within an hour the oldest of it.
func TestRoom(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		w.options.MaxMedia = 1_000_000
		w.open()
		w.now = moment.Add(20 * time.Hour)
		for i := range 12 {
			w.take(withProfile(fmt.Sprint("n", i%2), i, 100_000))
		}
		told := func() (hours []int) {
			for i := range 12 {
				a := w.account(fmt.Sprint("n", i%2), -time.Duration(i)*time.Hour, time.Duration(i)*time.Hour)
				if len(a.Reports) != 1 {
					t.Errorf("of hour %d: %d reports", i, len(a.Reports))
				}
				if len(a.Profiles) == 1 {
					hours = append(hours, i)
				}
			}
			return hours
		}
		w.same("hours with profiles", []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, told())
		w.open()
		w.same("after a restart", []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, told())
		r := withProfile("n0", 12, 100_000)
		for i := range 20 {
			r.Profiles[0].At = moment.Add(12*time.Hour + time.Duration(i)*time.Minute)
			r.Profiles[0].Data = append(noise(100_000), byte(i))
			w.take(r)
		}
		a := w.account("n0", 0, 30*time.Hour)
		if n := len(a.Profiles); n < 9 || n > 10 || !a.Profiles[n-1].At.Equal(moment.Add(12*time.Hour+19*time.Minute)) {
			t.Errorf("%d profiles are left", n)
		}
		if w.media > 1_000_000 {
			t.Errorf("%d bytes are left", w.media)
		}
	})
}

// TestReportsRoom bounds reports as well: whoever has a token can't fill the disk.
func TestReportsRoom(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	w.options.MaxReports = 20_000
	w.open()
	w.now = moment.Add(500 * time.Hour)
	for i := range 100 {
		w.take(withProfile("n1", i, 1))
	}
	a := w.account("n1", 0, 200*time.Hour)
	if n := len(a.Reports); n < 10 || n > 60 || Victim(&a.Reports[n-1]) != 99 || w.reports > 20_000 {
		t.Errorf("%d reports of %d bytes are left", n, w.reports)
	}
}

// TestUnreadable has documents that no ledger wrote: each costs itself only.
func TestUnreadable(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		w.take(full())
		second := full()
		second.Reports[0] = kernelAt(time.Second, 4712)
		second.Recorder.To = moment.Add(2 * time.Second)
		second.Profiles[0].At = moment.Add(2 * time.Second)
		w.take(second)
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		h := hourOf(moment)
		var spoiled []investigations.Doc
		spoil := func(kind, key string, bodies ...string) {
			for i, body := range bodies {
				spoiled = append(spoiled, investigations.Doc{Kind: kind, Key: strings.ReplaceAll(key, "#", fmt.Sprint(i)), Body: json.RawMessage(body)})
			}
		}
		spoil(kindAgent, "x#", `7`, `{"v":2}`, `{"v":1,"node":"y"}`)
		spoil(kindHour, "x#", `7`, `{}`)
		spoil(kindHour, "n1/#", `{}`)
		spoil(kindHour, "%zz/2026-03-04T02", `{}`)
		spoil(kindReports("n1", h), "kernel/#", `7`, `{"v":2}`, `{"v":1,"gz":"AAAA"}`, `{"v":1,"of":7}`, `{"v":1,"of":{}}`)
		spoil(kindReports("n1", h), "else/#", `{}`)
		spoil(kindReports("n1", h), "pod/#", `7`)
		spoil(kindMedia("n1", h), "#", `7`, `{"v":2}`, `{"v":1,"kind":"recording","from":"2026-03-04T02:17:09Z","to":"2026-03-04T02:17:09Z","parts":3,"bytes":9}`)
		for _, key := range []string{"to lose", "to change"} { // the parts of one recording each
			for d, err := range w.shelf.Docs(t.Context(), kindParts("n1", h)) {
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case key == "to lose" && strings.Contains(d.Key, "021710"):
					spoiled = append(spoiled, investigations.Doc{Kind: d.Kind, Key: d.Key})
				case key == "to change" && strings.Contains(d.Key, "021711"):
					spoiled = append(spoiled, investigations.Doc{Kind: d.Kind, Key: d.Key, Body: json.RawMessage(`{"v":1,"data":"AAAA"}`)})
				}
			}
		}
		if err := w.shelf.PutDocs(t.Context(), spoiled...); err != nil {
			t.Fatal(err)
		}
		w.open()
		a := w.account("n1", time.Minute, time.Minute)
		if len(a.Reports) != 2 || len(a.Recordings) != 0 || len(a.Profiles) != 1 || len(a.Pods) != 1 {
			t.Errorf("%d reports, %d recordings, %d profiles, %d pods", len(a.Reports), len(a.Recordings), len(a.Profiles), len(a.Pods))
		}
		if n := strings.Count(w.log.String(), "can't be read, and is skipped"); n < 10 {
			t.Errorf("%d documents are told of:\n%s", n, w.log.String())
		}
		if err := w.Sweep(t.Context(), moment.Add(60*day)); err != nil {
			t.Fatal(err)
		}
		for d, err := range w.shelf.Docs(t.Context(), kindReports("n1", h)) {
			t.Errorf("%s is left: %v", d.Key, err)
		}
	})
}
