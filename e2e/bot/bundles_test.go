package bot

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/examples/incidents"
)

// generate makes a recorded incident.
func generate(t testing.TB, kind string, seed uint64) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), kind)
	if err := incidents.Write(dir, kind, seed, incidents.Options{Small: true}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// variant copies a recorded incident; words are pairs of what is there and what stands in its place, in the names of
// files too.
func variant(t testing.TB, from, to string, words ...string) {
	t.Helper()
	change := strings.NewReplacer(words...)
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		name = filepath.Join(to, change.Replace(name))
		if e.IsDir() {
			return os.MkdirAll(name, 0o700)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(name, []byte(change.Replace(string(text))), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// verdict is what matters here of a result.
type verdict struct {
	Target  struct{ Namespace, Pod, Workload, Node string }
	Verdict struct {
		Boundary, Cause string
		Culprit         struct{ Namespace, Pod string }
	}
}

// judge is what the program itself makes of a recorded incident.
func judge(t testing.TB, dir string) verdict {
	t.Helper()
	out := oombot.RunWell(t, oombot.Command{Args: []string{"investigate", "--bundle", dir, "-o", "json"}, Dir: "."})
	var v verdict
	if err := json.Unmarshal(out.Stdout, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// services makes recorded incidents of so many workloads, each on a node of its own, whose limits are too low. It returns
// their pods as NAMESPACE/POD.
func services(t testing.TB, dir string, count int) []string {
	t.Helper()
	base := generate(t, "undersized_plateau", 2)
	var pods []string
	for i := range count {
		name := fmt.Sprintf("svc-%02d", i)
		variant(t, base, filepath.Join(dir, name), "sessions", name, "pool-a-nmqvj", "pool-a-"+name)
		pods = append(pods, "platform-eu/"+name+"-7rc6zqmr94-jhmxj")
	}
	last := filepath.Join(dir, fmt.Sprintf("svc-%02d", count-1))
	if v := judge(t, last); "platform-eu/"+v.Target.Pod != pods[count-1] || v.Verdict.Boundary != "container" || v.Verdict.Cause != "undersized_limit" {
		t.Fatalf("the incidents are not as they should be: %+v", v)
	}
	return pods
}

// podOf is the pod in NAMESPACE/POD.
func podOf(target string) string {
	_, pod, _ := strings.Cut(target, "/")
	return pod
}
