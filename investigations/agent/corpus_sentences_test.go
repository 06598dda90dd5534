package agent_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// sentences are those about one example, by what they are and what becomes of them.
type sentences struct {
	Shown   []string `yaml:"shown"`
	Refused []string `yaml:"refused"`
	False   []string `yaml:"false"`
	Slips   []string `yaml:"slips"`
}

// TestCorpusSentences plays each sentence behind a verdict that holds: one that is true has to be shown, one that is not
// must not be. Those that the checks get wrong are known, and fail when they no longer do.
func TestCorpusSentences(t *testing.T) {
	cases := readCases(t)
	var all map[string]sentences
	readYAML(t, filepath.Join(talks, "sentences.yaml"), &all)
	counts := map[string]int{}
	for example, s := range all {
		t.Run(example, func(t *testing.T) {
			for kind, list := range map[string][]string{"shown": s.Shown, "refused": s.Refused, "false": s.False, "slips": s.Slips} {
				for _, sentence := range list {
					counts[kind]++
					p := playSentence(t, cases, example, sentence)
					shown := p.result.Verdict.WrittenBy == investigations.WrittenByLLM && p.result.LLM.RejectedClaims == 0
					if want := kind == "shown" || kind == "slips"; shown != want {
						t.Errorf("%s, of those that are %s: shown is %v", sentence, kind, shown)
						tell(t, p)
					}
				}
			}
		})
	}
	t.Logf("sentences: of %d true ones %d are shown, of %d false ones %d are refused",
		counts["shown"]+counts["refused"], counts["shown"], counts["false"]+counts["slips"], counts["false"])
}

// playSentence has a model submit the example's verdict with one sentence more, or with it as the headline.
func playSentence(t *testing.T, cases map[string]caseFile, example, sentence string) played {
	t.Helper()
	verdict := map[string]any{"explanation+": sentence}
	if headline, ok := strings.CutPrefix(sentence, "H "); ok {
		verdict = map[string]any{"headline": headline}
	}
	k := &talk{About: "one sentence", Example: example, Budget: talkBudget{Calls: 1}, Turns: []any{map[string]any{"verdict": verdict}}}
	if err := k.prepare(cases); err != nil {
		t.Fatal(err)
	}
	p := play(t, k, k.script.Script())
	for _, f := range p.faults {
		t.Errorf("against the protocol: %s", f)
	}
	return p
}
