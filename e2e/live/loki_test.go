package live

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki/lokitest"
)

// startLoki serves the stand-in and returns the line of the configuration that names it.
func startLoki(t *testing.T, l *lokitest.Loki) string {
	t.Helper()
	s := httptest.NewServer(l)
	t.Cleanup(s.Close)
	return "loki: {url: " + s.URL + "}"
}

// isoLine is a line of dmesg --time-format iso, or of journalctl -o short-iso-precise, of the kernel.
var isoLine = regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[.,](\d{6})(\+00:00)(?: (\S+) kernel:)? (.*)`)

// journal is a message of the kernel in a journal.
type journal struct {
	at   time.Time
	text string
}

// journals are the messages of the incident's kernel logs, by node. ok is false where a line has no time.
func journals(t *testing.T, dir string) (out map[string][]journal, ok bool) {
	t.Helper()
	out = map[string][]journal{}
	files, err := filepath.Glob(filepath.Join(dir, "kernel", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		node := strings.TrimSuffix(filepath.Base(file), ".log")
		for line := range strings.Lines(strings.TrimRight(string(data), "\n")) {
			line = strings.TrimRight(line, "\r\n")
			m := isoLine.FindStringSubmatch(line)
			switch n := len(out[node]); {
			case m != nil:
				at, err := time.Parse(time.RFC3339Nano, m[1]+"."+m[2]+m[3])
				if err != nil {
					t.Fatal(err)
				}
				out[node] = append(out[node], journal{at, m[5]})
			case n > 0 && strings.HasPrefix(line, "   "): // one message of several lines
				out[node][n-1].text += "\n" + strings.TrimLeft(line, " ")
			default:
				return nil, false
			}
		}
	}
	return out, len(out) > 0
}

// collectors are the ways in which a journal comes into Loki.
var collectors = map[string]func(node, text string) (labels map[string]string, line string){
	"with the transport": func(node, text string) (map[string]string, string) {
		return map[string]string{"job": "loki.source.journal", "nodename": node, "transport": "kernel"}, text
	},
	"with the identifier": func(node, text string) (map[string]string, string) {
		return map[string]string{"job": "systemd-journal", "hostname": node, "syslog_identifier": "kernel"}, text
	},
	"with the unit alone": func(node, text string) (map[string]string, string) {
		return map[string]string{"job": "systemd-journal", "node_name": node}, text
	},
	"as JSON": func(node, text string) (map[string]string, string) {
		line, err := json.Marshal(map[string]string{"MESSAGE": text, "_TRANSPORT": "kernel", "SYSLOG_IDENTIFIER": "kernel", "_HOSTNAME": node})
		if err != nil {
			panic(err)
		}
		return map[string]string{"job": "systemd-journal", "instance": node}, string(line)
	},
}

// TestKernelLogInLoki has the nodes' journals in Loki, in each way in which they come there: the verdict is that of the
// kernel log in a file.
func TestKernelLogInLoki(t *testing.T) {
	tried := 0
	for _, dir := range examples(t) {
		logs, ok := journals(t, dir)
		if !ok {
			continue // its lines have no date
		}
		tried++
		i := load(t, dir, cluster.PrometheusOptions{})
		want := i.investigate(t, i.env(t, ""))
		for name, collector := range collectors {
			t.Run(filepath.Base(dir)+" "+name, func(t *testing.T) {
				l := lokitest.New(lokitest.Options{})
				for node, entries := range logs {
					other, _ := collector(node, "")
					other["unit"], other["transport"], other["syslog_identifier"] = "kubelet.service", "stdout", "kubelet"
					for _, e := range entries {
						labels, line := collector(node, e.text)
						push(t, l, labels, e.at, line)
						push(t, l, other, e.at, `I0415 12:00:00.000000 1 kubelet.go:1] "SyncLoop (PLEG)" of a pod`)
					}
				}
				env := i.env(t, "", startLoki(t, l))
				args := []string{i.target(), "--at", i.request.At.Format(time.RFC3339), "--window", i.request.Window.String()}
				got := result(t, run(t, env, append([]string{"investigate", "-o", "json"}, args...)...))
				if diff := cmp.Diff(essence(want.Verdict), essence(got.Verdict)); diff != "" {
					t.Errorf("the verdict differs (-file +Loki):\n%s\nblind: %s", diff, blind(got, investigations.ToolKernlog))
				}
				i.collected(t, env, got, args...)
			})
		}
	}
	if tried < 4 {
		t.Errorf("only %d incidents have a log with dates", tried)
	}
}

func push(t *testing.T, l *lokitest.Loki, labels map[string]string, at time.Time, line string) {
	t.Helper()
	if err := l.Push(labels, at, line); err != nil {
		t.Fatal(err)
	}
}

// essence is what a verdict says, without how it is worded and on which facts it stands.
func essence(v investigations.Verdict) any {
	return struct {
		Mechanism, Boundary, Cause, Trigger string
		Victim, Culprit                     *investigations.Party
		Confidence                          float64
	}{string(v.Mechanism), string(v.Boundary), string(v.Cause), string(v.Trigger), v.Victim, v.Culprit, v.Confidence}
}

// TestLogsOfAGonePod has the log of a pod that was deleted since in Loki alone: it still tells what the pod did.
func TestLogsOfAGonePod(t *testing.T) {
	i := load(t, example("one-large-request"), cluster.PrometheusOptions{})
	target := i.request.Target
	want := i.investigate(t, i.env(t, ""))
	if err := i.server.Delete(t.Context(), "pods", target.Namespace, target.Pod); err != nil {
		t.Fatal(err)
	}
	l := lokitest.New(lokitest.Options{})
	files, err := filepath.Glob(filepath.Join(i.dir, "logs", target.Namespace, target.Pod, "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d logs, %v", len(files), err)
	}
	for _, file := range files {
		container, _, _ := strings.Cut(filepath.Base(file), ".")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			stamp, text, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
			at, err := time.Parse(time.RFC3339Nano, stamp)
			if err != nil {
				t.Fatal(err)
			}
			push(t, l, map[string]string{"namespace": target.Namespace, "pod": target.Pod, "container": container}, at, text)
		}
	}
	got := i.investigate(t, i.env(t, "", startLoki(t, l)))
	want.Verdict.Confidence, got.Verdict.Confidence = 0, 0 // less is known of a pod that is gone
	if diff := cmp.Diff(essence(want.Verdict), essence(got.Verdict)); diff != "" {
		t.Errorf("the verdict differs (-there +gone):\n%s\nblind: %+v", diff, got.BlindSpots)
	}
	told := slices.ContainsFunc(got.Facts, func(f investigations.Fact) bool {
		return f.Tool == investigations.ToolLogs && strings.Contains(f.Says, "orders-8977.xlsx") && strings.Contains(got.Verdict.Explanation, "["+f.ID+"]")
	})
	if !told {
		t.Errorf("no fact of the verdict tells of the request in the log; blind: %s", blind(got, investigations.ToolLogs))
	}
}
