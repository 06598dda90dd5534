package bot

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// victim is one that died on the node of the storm.
type victim struct{ namespace, workload, pod, pid string }

// TestNode has four pods die of one neighbour on one node, which is one incident, and a fifth there of its own limit,
// which is another one.
func TestNode(t *testing.T) {
	t.Parallel()
	victims := []victim{
		{"shop", "checkout", "checkout-zh2g2f78m-q2fdq", "748021"},
		{"shop", "basketry", "basketry-zh2g2f78m-q2fdq", "748022"},
		{"retail", "invoices", "invoices-6f7c8b9d4-x8k2z", "748023"},
		{"media", "renderer", "renderer-5c4d7f6b8-hv9qw", "748024"},
	}
	dir := t.TempDir()
	base := generate(t, "noisy_neighbour", 1)
	for _, v := range victims {
		to := filepath.Join(dir, v.workload)
		variant(t, base, to, "checkout-zh2g2f78m-q2fdq", v.pod, "checkout", v.workload, `"shop"`, `"`+v.namespace+`"`, "748021", v.pid)
		got := judge(t, to)
		if got.Target.Pod != v.pod || got.Target.Namespace != v.namespace || got.Verdict.Boundary != "node" || got.Verdict.Cause != "noisy_neighbour" ||
			got.Verdict.Culprit.Pod != "etl-stage-cx4n4fj28t-cmjkb" {
			t.Fatalf("the incident of %s is not as it should be: %+v", v.pod, got)
		}
	}
	other := filepath.Join(dir, "other")
	variant(t, generate(t, "undersized_plateau", 2), other, "pool-a-nmqvj", "node-7d31")
	const alone = "sessions-7rc6zqmr94-jhmxj"
	if got := judge(t, other); got.Target.Pod != alone || got.Target.Node != "node-7d31" || got.Verdict.Boundary != "container" {
		t.Fatalf("the other incident is not as it should be: %+v", got)
	}

	s := newSlack(t, slackfake.Options{})
	r := startServe(t, s, t.TempDir(), configuration, "--bundles", dir)
	for _, v := range victims {
		r.firing(t, v.namespace+"/"+v.pod)
	}
	r.firing(t, "platform-eu/"+alone)
	oombot.Wait(t, s, "two verdicts that name all pods", func(s *slackfake.Server) bool {
		shared := string(verdictOf(s, channel, victims[0].pod).Blocks)
		for _, v := range victims {
			if !strings.Contains(shared, v.pod) || !strings.Contains(shared, v.namespace+"/") || !strings.Contains(shared, v.workload) {
				return false
			}
		}
		return verdictOf(s, channel, alone).TS != "" && !strings.Contains(shared, alone)
	})
	// What comes once more, and late, changes nothing of that.
	r.firing(t, victims[2].namespace+"/"+victims[2].pod, "platform-eu/"+alone)
	time.Sleep(3 * time.Second)
	if all := verdicts(s); len(all) != 2 {
		t.Errorf("there are %d verdicts", len(all))
	}
	if all := cards(s, channel); len(all) != 2 {
		t.Errorf("there are %d threads", len(all))
	}
	for _, v := range victims {
		workload := v.namespace + "/" + "deployment/" + v.workload
		if text := string(verdictOf(s, channel, victims[0].pod).Blocks); !strings.Contains(text, workload) && !strings.Contains(text, v.namespace+"/"+v.workload) {
			t.Errorf("the card does not name %s:\n%s", workload, text)
		}
	}
}
