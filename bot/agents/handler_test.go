package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/inbound"
	"github.com/oombot/oombot/investigations"
)

// moment is when something is killed, now when that is told.
var (
	moment = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	now    = moment.Add(2 * time.Second)
)

// podUID and containerID are as the kernel prints them.
const (
	podUID      = "0a1b2c3d-1234-5678-9abc-0123456789ab"
	containerID = "3f4a5b6c7d8e9f00112233445566778899aabbccddeeff00112233445566778a"
)

// contract is a report to the letter of the contract: a report as `oombot kernlog -o json` prints it, a recorder as in a
// bundle, and a heartbeat of a shape of its own.
const contract = `{"version": 1, "node": "n1", "boot_id": "7e0a2c1e-8a7e-4a53-9d07-2f1f6e0b7f11", "seq": 1,
 "heartbeat": {"lossless_since": "2026-03-04T00:00:00Z", "uptime": 123},
 "reports": [{"at": "2026-03-04T02:17:09Z", "uptime_s": 123.45, "host": "n1", "lines": [120, 184], "complete": true, "missing": [],
 "kind": "memcg", "constraint": "CONSTRAINT_MEMCG", "oom_memcg": "/kubepods.slice/x", "task_memcg": "/kubepods.slice/x",
 "boundary": "container", "pod_uid": "` + podUID + `", "container_id": "` + containerID + `", "qos": "Burstable",
 "invoked_by": {"comm": "java", "pid": 4711, "gfp_mask": "0xcc0(GFP_KERNEL)", "order": 0, "oom_score_adj": 936},
 "memory": {"usage_kb": 524288, "limit_kb": 524288, "failcnt": 1234}, "memory_swap": null, "swap": {"usage_kb": 0, "limit_kb": 0, "failcnt": 0}, "kmem": null,
 "stats": {"anon": 1, "file": 2}, "stats_path": "/kubepods.slice/x",
 "killed": [{"pid": 4711, "comm": "java", "uid": 0, "total_vm_kb": 1, "anon_rss_kb": 1, "file_rss_kb": 1, "shmem_rss_kb": 1, "pgtables_kb": 1, "oom_score_adj": 936, "score": null}],
 "tasks": [{"pid": 4711, "tgid": 4711, "uid": 0, "comm": "java", "total_vm_pages": 1, "rss_pages": 1, "rss_anon_pages": null, "rss_file_pages": null, "rss_shmem_pages": null, "pgtables_bytes": 1, "swapents_pages": 0, "oom_score_adj": 936, "badness": 1}],
 "node": {"ram_pages": 1, "free_pages": 1, "swap_total_kb": 0, "swap_free_kb": 0},
 "suppressed_before": 0, "kernel": "6.1.0-18-amd64"}],
 "recorder": {"version": 1, "node": "n1", "from": "2026-03-04T02:02:09Z", "to": "2026-03-04T02:17:09Z", "lossless_since": null,
 "series": [{"namespace": "shop", "pod": "checkout-7c9d8f6b5-x2x4p", "container": "checkout", "name": "current", "unit": "bytes", "step_ms": 1000, "values": [1, null, 3]}],
 "top": [{"at": "2026-03-04T02:17:08Z", "namespace": "shop", "pod": "checkout-7c9d8f6b5-x2x4p", "container": "checkout", "pid": 4711, "comm": "java", "rss_bytes": 9}]},
 "something_new": [{}]}`

// TestReport takes a report: it is in the ledger, and its kill in the inbox, once however often it is sent.
func TestReport(t *testing.T) {
	r := newRig(t)
	for range 3 {
		if w := r.post(t, contract); w.Code != http.StatusAccepted {
			t.Fatalf("answered %d %s", w.Code, w.Body)
		}
	}
	keys, events := r.items(t)
	if len(keys) != 1 || !strings.HasPrefix(keys[0], "agent/") || r.to.wakes != 1 {
		t.Fatalf("the inbox has %q, woken %d times", keys, r.to.wakes)
	}
	want := bot.Event{Kind: bot.EventAlerts, At: now, Channel: "CSHOP", Alerts: []bot.Alert{{
		Source: bot.SourceAgent, ID: "n1/7e0a2c1e-8a7e-4a53-9d07-2f1f6e0b7f11/123.450/4711", Name: "OOMKilled",
		Title:    "java killed in shop/checkout-7c9d8f6b5-x2x4p/checkout on n1: container limit",
		StartsAt: moment, Memory: true,
		Targets: []investigations.Target{{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "checkout", Node: "n1"}},
		Kill: &bot.Kill{
			Node: "n1", BootID: "7e0a2c1e-8a7e-4a53-9d07-2f1f6e0b7f11", PodUID: podUID, ContainerID: containerID, PID: 4711, Comm: "java",
			At: moment, KernelTime: true, Boundary: investigations.BoundaryContainer, Kernel: true, Seq: 1,
		},
	}}}
	if diff := cmp.Diff(want, events[0]); diff != "" {
		t.Error(diff)
	}
	a := r.account(t, "n1")
	if len(a.Reports) != 1 || len(a.Recordings) != 1 || len(a.Recordings[0].Series[0].Values) != 3 || a.Reports[0].OOMMemcg != "/kubepods.slice/x" {
		t.Errorf("the ledger knows %+v", a)
	}
	if want := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC); !a.LosslessFrom.Equal(want) || !a.LosslessTo.Equal(now) {
		t.Errorf("the log was followed from %s to %s", a.LosslessFrom, a.LosslessTo)
	}
	if diff := cmp.Diff([]Took{{Kernel: 1, Recordings: 1, Heartbeats: 1}}, r.took[:1]); diff != "" {
		t.Error(diff)
	}
}

// TestPlainBody takes one that is not compressed.
func TestPlainBody(t *testing.T) {
	r := newRig(t)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/kernel-reports", strings.NewReader(contract))
	req.Header.Set("Authorization", "Bearer s3cret")
	w := httptest.NewRecorder()
	New(r.options).ServeHTTP(w, req)
	if w.Code != http.StatusAccepted {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

// TestHeartbeat is no kill.
func TestHeartbeat(t *testing.T) {
	for _, beat := range []string{`{"at":"2026-03-04T02:17:10Z","lossless_since":"2026-03-04T02:00:00Z"}`, `true`, `"2026-03-04T02:17:10Z"`} {
		r := newRig(t)
		if w := r.post(t, `{"version":1,"node":"n1","boot_id":"b","seq":0,"heartbeat":`+beat+`}`); w.Code != http.StatusAccepted {
			t.Errorf("%s: answered %d %s", beat, w.Code, w.Body)
		}
		if keys, _ := r.items(t); len(keys) > 0 {
			t.Errorf("%s: the inbox has %q", beat, keys)
		}
		if got := r.ledger.Agents(now.Add(-time.Minute)); got.Heard != 1 {
			t.Errorf("%s: heard %+v", beat, got)
		}
	}
}

// TestRefused has requests of all kinds that are not taken, and of which nothing is kept.
func TestRefused(t *testing.T) {
	many := func(n int, of string) string { return strings.TrimSuffix(strings.Repeat(of+",", n), ",") }
	with := func(rest string) string { return `{"version":1,"node":"n1","boot_id":"b","seq":1,` + rest + `}` }
	tests := map[string]struct {
		body    string
		status  int
		outcome inbound.Outcome
		says    string
	}{
		"no JSON":             {`{"version":1`, 400, inbound.Payload, "no JSON"},
		"a list":              {`[]`, 400, inbound.Payload, "wrong type"},
		"nothing":             {``, 400, inbound.Payload, "no JSON"},
		"of no version":       {`{"node":"n1"}`, 400, inbound.Payload, "version 0"},
		"of another version":  {`{"version":2,"node":"n1"}`, 400, inbound.Payload, "version 2"},
		"wrong type":          {with(`"reports":"none"`), 400, inbound.Payload, `"reports"`},
		"wrong type deep":     {with(`"reports":[{"killed":[{"pid":"x"}]}]`), 400, inbound.Payload, "killed"},
		"wrong value":         {with(`"recorder":{"series":[{"values":["x"]}]}`), 400, inbound.Payload, ""},
		"no time":             {with(`"counted":[{"at":"soon"}]`), 400, inbound.Payload, ""},
		"no node":             {`{"version":1,"node":""}`, 400, inbound.Payload, "no name of a node"},
		"a hostile node":      {`{"version":1,"node":"../../etc"}`, 400, inbound.Payload, "no name of a node"},
		"a loud node":         {`{"version":1,"node":"N1"}`, 400, inbound.Payload, "no name of a node"},
		"a node of two lines": {`{"version":1,"node":"n1\nn2"}`, 400, inbound.Payload, "no name of a node"},
		"a long node":         {`{"version":1,"node":"` + strings.Repeat("n", 254) + `"}`, 400, inbound.Payload, "no name of a node"},
		"too deep":            {with(`"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200)), 413, inbound.TooLarge, "nested"},
		"too many reports":    {with(`"reports":[` + many(1001, `{}`) + `]`), 413, inbound.TooLarge, "1000 reports"},
		"too many series":     {with(`"recorder":{"series":[` + many(2001, `{}`) + `]}`), 413, inbound.TooLarge, "2000 series"},
		"too many values":     {with(`"recorder":{"series":[{"values":[` + many(2_000_001, `1`) + `]}]}`), 413, inbound.TooLarge, "values"},
		"too many profiles":   {with(`"profiles":[` + many(11, `{}`) + `]`), 413, inbound.TooLarge, "10 profiles"},
		"a profile too long":  {with(`"profiles":[{"data":"` + strings.Repeat("A", 12<<20) + `"}]`), 413, inbound.TooLarge, "profile 1"},
		"too many objects":    {with(`"x":[` + many(600_000, `{}`) + `]`), 413, inbound.TooLarge, "objects"},
		"too many words":      {with(`"reports":[{"tasks":[` + many(200_000, `null`) + `]}]`), 413, inbound.TooLarge, "words"},
		"a bomb":              {with(`"x":"` + strings.Repeat(" ", 70<<20) + `"`), 413, inbound.TooLarge, "unpacked"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			w := r.post(t, tt.body)
			if w.Code != tt.status || len(r.counted) != 1 || r.counted[0] != tt.outcome || w.Body.Len() > 500 {
				t.Errorf("answered %d %.300s, counted %v", w.Code, w.Body, r.counted)
			}
			var no investigations.NodeRefusal
			if err := json.Unmarshal(w.Body.Bytes(), &no); err != nil || no.By != investigations.RefusedByBot ||
				no.Reason != string(tt.outcome) || !strings.Contains(no.Says, tt.says) {
				t.Errorf("answered %.300s (%v), want the bot's own refusal that says %q", w.Body, err, tt.says)
			}
			if keys, _ := r.items(t); len(keys) > 0 {
				t.Errorf("the inbox has %q", keys)
			}
			if !strings.Contains(r.log.String(), "webhook refused") {
				t.Errorf("the log says %s", r.log.String())
			}
		})
	}
}

// manyKills is a report of kills of as many pods.
func manyKills(n int) string {
	var b strings.Builder
	b.WriteString(`{"version":1,"node":"n1","boot_id":"b","seq":9,"reports":[`)
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"at":"2026-03-04T02:17:09Z","uptime_s":%d,"kind":"memcg","boundary":"container","pod_uid":"u%d","killed":[{"pid":%d,"comm":"x"}]}`, i, i%7, i+1)
	}
	b.WriteString(`],"pods":[{"uid":"u1","namespace":"shop","name":"a"},{"uid":"u2","namespace":"pay","name":"b"}]}`)
	return b.String()
}

// TestManyKills puts a thousand kills into items of a hundred, by channel; and after a disk that was full in the middle
// the same report completes what was begun.
func TestManyKills(t *testing.T) {
	r := newRig(t)
	r.failing = 5
	w := r.post(t, manyKills(1000))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || r.counted[0] != inbound.Unavailable {
		t.Errorf("with a full disk it is answered %d", w.Code)
	}
	if len(r.took) > 0 {
		t.Errorf("it was taken: %+v", r.took)
	}
	r.failing = -1
	for range 2 {
		if w := r.post(t, manyKills(1000)); w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), "1000 kills") {
			t.Fatalf("answered %d %s", w.Code, w.Body)
		}
	}
	_, events := r.items(t)
	seen, channels := map[string]bool{}, map[string]int{}
	for _, e := range events {
		if len(e.Alerts) > maxChunk {
			t.Errorf("an item has %d alerts", len(e.Alerts))
		}
		channels[e.Channel]++
		for _, a := range e.Alerts {
			if seen[a.ID] {
				t.Errorf("%s is there twice", a.ID)
			}
			seen[a.ID] = true
			if known := e.Channel != "C"; known == (len(a.Targets) == 0) || a.Kill.PodUID == "" {
				t.Errorf("in %s: %+v", e.Channel, a)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"C": 8, "CPAY": 2, "CSHOP": 2}, channels); diff != "" || len(seen) != 1000 {
		t.Errorf("%d kills: %s", len(seen), diff)
	}
	if n := len(r.account(t, "n1").Reports); n != 1000 {
		t.Errorf("the ledger has %d reports", n)
	}
}

// fullLedger takes nothing.
type fullLedger struct{}

func (fullLedger) Take(context.Context, investigations.NodeReport) error {
	return errors.New("no space left on device")
}

// TestLedgerFirst puts nothing into the inbox that the ledger does not have.
func TestLedgerFirst(t *testing.T) {
	r := newRig(t)
	r.options.Ledger = fullLedger{}
	if w := r.post(t, contract); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("answered %d", w.Code)
	}
	if keys, _ := r.items(t); len(keys) > 0 {
		t.Errorf("the inbox has %q", keys)
	}
}

// TestOldKills are written down, and nothing is said of them.
func TestOldKills(t *testing.T) {
	r := newRig(t)
	r.options.MaxAge = time.Hour
	if w := r.post(t, strings.ReplaceAll(contract, "2026-03-04T02:17:09Z", "2026-03-04T01:17:09Z")); w.Code != http.StatusAccepted {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if keys, _ := r.items(t); len(keys) > 0 || len(r.account(t, "n1").Reports) != 1 {
		t.Errorf("the inbox has %q, the ledger %+v", keys, r.account(t, "n1"))
	}
}

// TestFoundKills are those that happened before the agent was there: they are written down, and nothing is said of them.
// What was seen and delivered late is told of all the same.
func TestFoundKills(t *testing.T) {
	for made, want := range map[string]int{"2026-03-04T02:17:12Z": 1, "2026-03-04T02:28:00Z": 0} {
		r := newRig(t)
		r.options.MaxAge = 24 * time.Hour
		beat := `"heartbeat": {"at": "` + made + `", "lossless_since": null}, "reports"`
		if w := r.post(t, regexp.MustCompile(`"heartbeat": \{[^}]*\},\s*"reports"`).ReplaceAllString(contract, beat)); w.Code != http.StatusAccepted {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
		if keys, _ := r.items(t); len(keys) != want || len(r.account(t, "n1").Reports) != 1 {
			t.Errorf("made at %s: the inbox has %q, want %d; the ledger %+v", made, keys, want, r.account(t, "n1"))
		}
	}
}

// TestClockAhead tells of a kill on a node whose clock is hours ahead, and not of one that its agent found in the log.
func TestClockAhead(t *testing.T) {
	for killed, want := range map[string]int{"2026-03-04T09:17:09Z": 1, "2026-03-04T09:05:09Z": 0} {
		r := newRig(t)
		r.options.MaxAge = 24 * time.Hour
		beat := `"heartbeat": {"at": "2026-03-04T09:17:12Z", "lossless_since": null}, "reports"`
		body := regexp.MustCompile(`"heartbeat": \{[^}]*\},\s*"reports"`).ReplaceAllString(contract, beat)
		if w := r.post(t, strings.ReplaceAll(body, "2026-03-04T02:17:09Z", killed)); w.Code != http.StatusAccepted {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
		if keys, _ := r.items(t); len(keys) != want || len(r.account(t, "n1").Reports) != 1 {
			t.Errorf("killed at %s: the inbox has %q, want %d; the ledger %+v", killed, keys, want, r.account(t, "n1"))
		}
	}
}

// TestWrongClocks has nodes whose clocks are off tell of a kill of two seconds ago: it is told of as of then, with a word about the
// clock, and once though it is sent twice.
func TestWrongClocks(t *testing.T) {
	for ahead, want := range map[time.Duration]string{
		0: "", time.Minute: "",
		-30 * time.Hour:  "(the node's clock is 30h0m behind, its times are corrected)",
		-2 * time.Hour:   "(the node's clock is 2h0m behind, its times are corrected)",
		20 * time.Minute: "(the node's clock is 20m ahead, its times are corrected)",
	} {
		r := newRig(t)
		r.options.MaxAge = 24 * time.Hour
		body := strings.ReplaceAll(contract, "2026-03-04T02:17:09Z", moment.Add(ahead).Format(time.RFC3339))
		beat := `"heartbeat": {"at": "` + now.Add(ahead).Format(time.RFC3339) + `", "lossless_since": null}, "reports"`
		body = regexp.MustCompile(`"heartbeat": \{[^}]*\},\s*"reports"`).ReplaceAllString(body, beat)
		for range 2 {
			w := r.sendAt(t, New(r.options), zipped(t, body), "s3cret", now.Add(ahead).Format(http.TimeFormat))
			if w.Code != http.StatusAccepted {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
		}
		at := moment
		if want == "" {
			at = moment.Add(ahead)
		}
		_, events := r.items(t)
		if len(events) != 1 || len(events[0].Alerts) != 1 {
			t.Errorf("a clock that is %s ahead: %d items are in the inbox: %+v", ahead, len(events), events)
			continue
		}
		if a := events[0].Alerts[0]; !a.StartsAt.Equal(at) || !strings.HasSuffix(a.Title, want) || strings.Contains(a.Title, "clock") != (want != "") {
			t.Errorf("a clock that is %s ahead: %s at %s", ahead, a.Title, a.StartsAt)
		}
		if got := r.account(t, "n1").Reports; len(got) != 1 || !got[0].At.Equal(at) {
			t.Errorf("a clock that is %s ahead: the ledger has %+v", ahead, got)
		}
		if log := r.log.String(); strings.Contains(log, "the clock of a node is wrong") != (want != "") {
			t.Errorf("a clock that is %s ahead: %s", ahead, log)
		}
	}
}

// TestProfiles stores what is made of profiles, never what came; one that nothing can be made of costs the others nothing.
func TestProfiles(t *testing.T) {
	body := func(data ...string) string {
		r := investigations.NodeReport{Version: 1, Node: "n1"}
		for _, d := range data {
			r.Profiles = append(r.Profiles, investigations.NodeProfile{Namespace: "a", Pod: "b", Container: "c", At: moment, Data: []byte(d)})
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	r := newRig(t)
	if w := r.post(t, body("heap 1", "junk", "heap 2")); w.Code != 202 {
		t.Fatalf("answered %d %s", w.Code, w.Body)
	}
	var got []string
	for _, p := range r.account(t, "n1").Profiles {
		got = append(got, string(p.Data))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"clean heap 1", "clean heap 2"}, got); diff != "" {
		t.Error(diff)
	}
	if log := r.log.String(); !strings.Contains(log, "a profile of a/b/c: it is no profile") || strings.Contains(log, secret) {
		t.Error(log)
	}
	if len(r.took) != 1 || r.took[0].Profiles != 2 {
		t.Errorf("%+v", r.took)
	}
	r = newRig(t)
	r.options.Profile = nil
	if w := r.post(t, body("heap 1")); w.Code != 202 || len(r.account(t, "n1").Profiles) != 0 {
		t.Errorf("without anybody who cleans: answered %d %s", w.Code, w.Body)
	}
}
