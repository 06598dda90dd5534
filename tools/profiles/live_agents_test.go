package profiles

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/endpoint"
)

// ledger answers with profiles, or an error.
type ledger struct {
	profiles []investigations.NodeProfile
	err      error
}

func (l ledger) Account(context.Context, string, time.Time, time.Time) (investigations.NodeAccount, error) {
	return investigations.NodeAccount{Profiles: l.profiles}, l.err
}

// takenBy records what an agent took, and returns the files and why others are missing.
func takenBy(t *testing.T, l ledger, s investigations.Subject) (files []string, blind string) {
	t.Helper()
	rec := bundle.NewRecording()
	if err := newLive(t, endpoint.Config{}, LiveOptions{Agents: l}).Record(t.Context(), s, rec); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(rec.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".pb.gz") {
			files = append(files, path)
			if o, _ := rec.Origin(path); o.Source != "the node agent of n1, POST /v1/kernel-reports" {
				t.Error(o)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := New(rec.FS()).Query(t.Context(), s.Request)
	if err != nil {
		t.Fatal(err)
	}
	var whys []string
	for _, b := range res.BlindSpots {
		whys = append(whys, b.Why)
	}
	for _, b := range rec.BlindSpots(investigations.ToolProfiles) {
		whys = append(whys, b.Why)
	}
	return files, strings.Join(whys, "\n")
}

func tookAt(t *testing.T, pod string, at time.Time) investigations.NodeProfile {
	t.Helper()
	var b bytes.Buffer
	if err := goProfile(session(mib)).Write(&b); err != nil {
		t.Fatal(err)
	}
	return investigations.NodeProfile{Namespace: "shop", Pod: pod, Container: "checkout", At: at, Data: b.Bytes()}
}

// TestAgentProfiles: what the node's agent took of the workload is kept; what can't be read is said.
func TestAgentProfiles(t *testing.T) {
	s := testSubject()
	s.Node = "n1"
	spoilt := tookAt(t, testPod, testAt.Add(-time.Minute))
	spoilt.Data = spoilt.Data[:20]
	files, blind := takenBy(t, ledger{profiles: []investigations.NodeProfile{
		tookAt(t, testPod, testAt.Add(-time.Hour)), spoilt, tookAt(t, "other-1", testAt), tookAt(t, testPod, testAt.Add(-time.Second)),
	}}, s)
	folder := "profiles/shop/" + testPod + "/checkout/"
	want := []string{folder + testAt.Add(-time.Hour).Format(timeLayout) + ".pb.gz", folder + testAt.Add(-time.Second).Format(timeLayout) + ".pb.gz"}
	slices.Sort(want)
	if diff := cmp.Diff(want, files); diff != "" || strings.Count(blind, "\n") > 0 || !strings.Contains(blind, "a profile that the agent of node n1 took at") {
		t.Error(diff, blind)
	}
	node := investigations.Subject{Request: investigations.Request{At: testAt, Window: time.Hour, Target: investigations.Target{Node: "n1"}}}
	if files, blind := takenBy(t, ledger{profiles: []investigations.NodeProfile{tookAt(t, "other-1", testAt)}}, node); len(files) != 1 || blind != "" {
		t.Error(files, blind)
	}
	for why, l := range map[string]ledger{
		"not configured": {}, "n1's agent": {err: investigations.ErrUnavailable},
		"announce a pprof endpoint": {err: fmt.Errorf("n1: %w", investigations.ErrNotFound)},
	} {
		if files, blind := takenBy(t, l, s); len(files) > 0 || !strings.Contains(blind, why) {
			t.Error(files, blind)
		}
	}
}
