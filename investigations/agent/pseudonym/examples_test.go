package pseudonym

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/internal/judgetest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// incident is a shipped example, investigated.
type incident struct {
	name string
	fsys fs.FS
	req  investigations.Request
	res  *investigations.Result
	ev   *investigations.Evidence
}

func (i incident) book() *Book { return New(i.res, i.ev, i.req) }

// texts are all texts of the result, and the document itself.
func (i incident) texts(t testing.TB) []string {
	doc, err := json.MarshalIndent(i.res, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	out := []string{string(doc)}
	site{res: i.res, ev: i.ev, req: i.req}.texts(func(text string) { out = append(out, text) })
	return append(out, strings.Join(out[1:], "\n"))
}

// shipped are the examples, each investigated once.
var shipped struct {
	sync.Mutex
	incidents []incident
}

func investigated(t testing.TB) []incident {
	t.Helper()
	shipped.Lock()
	defer shipped.Unlock()
	if shipped.incidents != nil {
		return shipped.incidents
	}
	folders, err := fs.ReadDir(examples.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var all []incident
	for _, f := range folders {
		fsys, err := fs.Sub(examples.FS, f.Name())
		if err != nil {
			t.Fatal(err)
		}
		j := judgetest.Bundle(t, fsys, investigations.Options{Redact: redact.Text})
		all = append(all, incident{name: f.Name(), fsys: fsys, req: j.Request, res: j.Result, ev: j.Evidence})
	}
	shipped.incidents = all
	return all
}

func everyExample(t *testing.T, check func(t *testing.T, i incident)) {
	incidents := investigated(t)
	if len(incidents) < 16 {
		t.Fatalf("only %d examples", len(incidents))
	}
	for _, i := range incidents {
		t.Run(i.name, func(t *testing.T) { check(t, i) })
	}
}

func TestExamplesComeBack(t *testing.T) {
	everyExample(t, func(t *testing.T, i incident) {
		b := i.book()
		for _, text := range i.texts(t) {
			hidden := b.Hide(text)
			if got := b.Reveal(hidden); got != text {
				t.Errorf("did not come back:\n%s", cmp.Diff(text, got))
			}
			if again := b.Hide(hidden); again != hidden {
				t.Errorf("hiding twice changed it:\n%s", cmp.Diff(hidden, again))
			}
			if b.Reveal(text) != text {
				t.Errorf("a text without stand-ins changed: %q", text)
			}
			if strings.Count(hidden, "\n") != strings.Count(text, "\n") || json.Valid([]byte(hidden)) != json.Valid([]byte(text)) {
				t.Errorf("lost its form: %q", hidden)
			}
		}
	})
}

// siteNames reads the names of a bundle from its files, without the code that is tested.
func siteNames(t *testing.T, fsys fs.FS) map[string]bool {
	names := map[string]bool{}
	fields := regexp.MustCompile(`"(?:name|namespace|nodeName|uid|podIP|claimName|serviceAccountName|pod|container|node)":\s*"([^"]+)"|"(?:image)":\s*"(?:[a-z]+://)?([^":@]+)|"containerID":\s*"[a-z]+://([0-9a-f]+)"`)
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasPrefix(path, "kernel/") {
			names[strings.TrimSuffix(d.Name(), ".log")] = true
		}
		if !strings.HasSuffix(path, ".json") || strings.HasSuffix(path, "namespaces.json") {
			return nil
		}
		data, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		for _, m := range fields.FindAllStringSubmatch(string(data), -1) {
			for _, name := range m[1:] {
				for _, part := range strings.Split(name, "/") {
					names[part] = part != ""
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// notNames are in those fields, and no names: of environment variables, managers, events and ports.
var notNames = regexp.MustCompile(`^[A-Z_]+$|^\d|^(http|https|java_tool_options|kube-api-access.*)$`)

func TestExamplesKeepNoName(t *testing.T) {
	everyExample(t, func(t *testing.T, i incident) {
		b := i.book()
		names := siteNames(t, i.fsys)
		looked := 0
		for _, text := range i.texts(t) {
			hidden := b.Hide(text)
			for name := range names {
				m, ok := mannerOf(name)
				if base, _, _ := strings.Cut(name, "-"); !ok || m != everywhere || notNames.MatchString(name) || public[base] && name == base+"-0" {
					continue
				}
				if at := standsIn(text, name); at >= 0 {
					looked++
				}
				if at := standsIn(hidden, name); at >= 0 {
					t.Errorf("%q stands in %q", name, around(hidden, at))
				}
			}
		}
		if looked < 20 {
			t.Errorf("only %d names stood in the texts", looked)
		}
	})
}

// standsIn returns where name stands in text with no letter or digit beside it, or -1.
func standsIn(text, name string) int {
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return -1
		}
		i += at
		if (i == 0 || !wordByte[text[i-1]]) && (i+len(name) == len(text) || !wordByte[text[i+len(name)]]) {
			return i
		}
		at = i + 1
	}
}

func around(text string, at int) string { return text[max(0, at-40):min(len(text), at+60)] }

// TestSentencesStayReadable holds that words of sentences survive: what was hidden are names only.
func TestSentencesStayReadable(t *testing.T) {
	everyExample(t, func(t *testing.T, i incident) {
		b := i.book()
		names := siteNames(t, i.fsys)
		for _, f := range i.res.Facts {
			before, after := strings.Fields(f.Says), strings.Fields(b.Hide(f.Says))
			if len(before) != len(after) {
				t.Fatalf("%q became %q", f.Says, b.Hide(f.Says))
			}
			for n, word := range before {
				if bare := strings.Trim(word, `.,;:()`); bare != strings.Trim(after[n], `.,;:()`) && strings.Trim(bare, "abcdefghijklmnopqrstuvwxyz") == "" && !names[bare] {
					t.Errorf("the word %q became %q in %q", word, after[n], f.Says)
				}
			}
		}
	})
}

func TestTheSameEachTime(t *testing.T) {
	everyExample(t, func(t *testing.T, i incident) {
		one, two := i.book(), i.book()
		if diff := cmp.Diff(one.entries, two.entries, cmp.AllowUnexported(entry{})); diff != "" {
			t.Errorf("two books differ:\n%s", diff)
		}
		names, standIns := map[string]bool{}, map[string]bool{}
		for _, e := range one.entries {
			if names[e.from] || standIns[e.to] {
				t.Errorf("%q and %q are not of each other only", e.from, e.to)
			}
			names[e.from], standIns[e.to] = true, true
		}
	})
}

// TestWithoutEvidence makes the book of a stored result.
func TestWithoutEvidence(t *testing.T) {
	everyExample(t, func(t *testing.T, i incident) {
		b, whole := New(i.res, nil, investigations.Request{Target: i.res.Target}), i.book()
		for _, f := range i.res.Facts {
			hidden := b.Hide(f.Says)
			if got := b.Reveal(hidden); got != f.Says {
				t.Errorf("did not come back:\n%s", cmp.Diff(f.Says, got))
			}
			for _, name := range []string{i.res.Target.Pod, i.res.Target.Node, i.res.Target.Workload} {
				if name != "" && whole.Hide(name) != name && strings.Contains(hidden, name) {
					t.Errorf("%q stands in %q", name, hidden)
				}
			}
		}
	})
}
