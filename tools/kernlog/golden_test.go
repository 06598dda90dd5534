package kernlog

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGolden reads every log in testdata/logs, and compares the JSON that `oombot kernlog -o json` prints of
// it. Names begin with real- where the log was written by a running kernel (invented pods and hosts), with the
// generation of the kernel and the transport behind that.
func TestGolden(t *testing.T) {
	logs, err := filepath.Glob(filepath.Join("testdata", "logs", "*.log"))
	if err != nil || len(logs) < 20 {
		t.Fatalf("%d logs (%v)", len(logs), err)
	}
	for _, file := range logs {
		name := strings.TrimSuffix(filepath.Base(file), ".log")
		t.Run(name, func(t *testing.T) {
			log, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			for _, r := range scan(t, log) {
				line, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				b.Write(line)
				b.WriteByte('\n')
			}
			golden(t, filepath.Join("logs", name+".json"), b.Bytes())
		})
	}
}

// TestTransportsAgree holds that the same kills, copied out of one machine in several formats, read the same.
func TestTransportsAgree(t *testing.T) {
	read := func(name string) []string {
		log, err := os.ReadFile(filepath.Join("testdata", "logs", name))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range scan(t, log) {
			b, err := json.Marshal(stripPlace(r))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(b))
		}
		return out
	}
	for want, others := range map[string][]string{
		"real-6.18-v1-newline-name.dmesg-d.log": {
			"real-6.18-v1-newline-name.dmesg-T.log", "real-6.18-v1-newline-name.dmesg-iso.log", "real-6.18-v1-newline-name.dmesg-x.log",
			"real-6.18-v1-newline-name.dmesg-r.log", "real-6.18-v1-newline-name.dmesg-H.log", "real-6.18-v1-newline-name.dmesg-Tx.log",
		},
		"real-global_noswap.v2global.kmsg.log":    {"real-global_noswap.v2global.console.log"},
		"real-global_noswap.v2globalsys.kmsg.log": {"real-global_noswap.v2globalsys.console.log"},
	} {
		for _, other := range others {
			if diff := cmp.Diff(read(want), read(other)); diff != "" {
				t.Errorf("%s, %s:\n%s", want, other, diff)
			}
		}
	}
}

// TestShape holds the document's shape: what is a list is never null, and what may be unknown is null.
func TestShape(t *testing.T) {
	r := scan(t, []byte(bareKill("  1.000000", 5)))[0]
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"uptime_s":1,"lines":[1,1],"complete":false,"missing":["head","stats","tasks","summary"],"kind":"memcg","boundary":"unknown",` +
		`"invoked_by":null,"memory":null,"memory_swap":null,"swap":null,"kmem":null,` +
		`"killed":[{"pid":5,"comm":"worker","uid":0,"total_vm_kb":29740,"anon_rss_kb":28452,"file_rss_kb":4,"shmem_rss_kb":696,"pgtables_kb":96,"oom_score_adj":936,"score":null}],` +
		`"tasks":[],"node":null,"suppressed_before":0}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
