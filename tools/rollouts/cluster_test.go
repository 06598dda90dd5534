package rollouts

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/toolstest"
)

func TestRolledOut(t *testing.T) {
	day := func(d, h int) time.Time { return time.Date(2026, 3, d, h, 0, 0, 0, time.UTC) }
	made := func(number int64, created time.Time, replicas int32, touched time.Time) ownedRevision {
		return ownedRevision{
			Revision: investigations.Revision{Number: number, Created: created, Replicas: replicas}, touched: touched,
		}
	}
	again := func(r ownedRevision) ownedRevision {
		r.again = true
		return r
	}
	none := time.Time{}
	tests := []struct {
		name      string
		revisions []ownedRevision
		h         history
		want      time.Time
	}{
		{"the first", []ownedRevision{made(1, day(1, 0), 1, day(1, 1))}, history{ended: day(1, 1)}, none},
		{"a new one", []ownedRevision{made(1, day(1, 0), 0, day(2, 1)), made(2, day(2, 0), 1, day(2, 1))}, history{ended: day(2, 1)}, none},
		{
			"a rollback that nothing dates",
			[]ownedRevision{made(2, day(2, 0), 0, none), made(3, day(1, 0), 1, none)},
			history{began: day(1, 1), ended: day(1, 2)},
			none,
		},
		{
			"a rollback dated by the condition's update",
			[]ownedRevision{made(2, day(2, 0), 0, none), made(3, day(1, 0), 1, none)},
			history{began: day(1, 1), ended: day(3, 2)},
			day(3, 2),
		},
		{
			"a rollback of a failed rollout, dated by the condition's transition",
			[]ownedRevision{made(2, day(2, 0), 0, none), made(3, day(1, 0), 1, none)},
			history{began: day(3, 1), ended: day(3, 2)},
			day(3, 1),
		},
		{
			"a rollback dated by scaling the other down",
			[]ownedRevision{made(2, day(2, 0), 0, day(3, 1)), made(3, day(1, 0), 1, day(4, 0))},
			history{ended: day(5, 2)},
			day(3, 1),
		},
		{
			"a rollback that still runs",
			[]ownedRevision{made(2, day(2, 0), 1, day(2, 5)), made(3, day(1, 0), 1, day(4, 0))},
			history{},
			day(4, 0),
		},
		{
			"a rollback dated by the edit",
			[]ownedRevision{made(2, day(2, 0), 0, day(3, 2)), made(3, day(1, 0), 1, day(3, 2))},
			history{edited: day(3, 1), ended: day(3, 3)},
			day(3, 1),
		},
		{
			"a rollback whose other revision is gone",
			[]ownedRevision{again(made(3, day(1, 0), 1, none))},
			history{began: day(1, 0), ended: day(3, 2)},
			day(3, 2),
		},
	}
	for _, test := range tests {
		if got := rolledOut(test.revisions, len(test.revisions)-1, test.h); !got.Equal(test.want) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestSampleBundles(t *testing.T) {
	for _, dir := range toolstest.SampleBundles(t) {
		b, err := bundle.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		r := query(t, b.FS(), b.Request())
		b.Close()
		if len(r.Facts) == 0 || r.Facts[0].Key != "rollouts/workload" || r.Facts[0].Values["revision"] == 0 {
			t.Errorf("%s: the target's workload is no fact: %+v", dir, r.Facts)
		}
		for _, s := range r.BlindSpots {
			if !strings.Contains(s.Why, "recorded") {
				t.Errorf("%s: %s", dir, s.Why)
			}
		}
	}
}

// cluster is a cluster of n Deployments with ten ReplicaSets each, one in a hundred in the target's namespace.
func cluster(t testing.TB, n int) fstest.MapFS {
	t.Helper()
	write := func(name, kind string, count int, fill func(i int) *strings.Replacer) *fstest.MapFile {
		data := string(shop(t)["kubernetes/"+name+".json"].Data)
		first := data[strings.Index(data, "        {\n"):]
		first = first[:strings.Index(first, "\n        },\n")+len("\n        }")]
		var b strings.Builder
		b.WriteString(`{"kind": "List", "items": [`)
		for i := range count {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(fill(i).Replace(first))
		}
		b.WriteString("]}")
		if !strings.Contains(first, `"kind": "`+kind+`"`) {
			t.Fatalf("no %s in %s", kind, first)
		}
		return &fstest.MapFile{Data: []byte(b.String())}
	}
	namespace := func(i int) string {
		if i%100 == 0 {
			return "shop"
		}
		return fmt.Sprint("team-", i%100)
	}
	return fstest.MapFS{
		"kubernetes/deployments.json": write("deployments", "Deployment", n, func(i int) *strings.Replacer {
			return strings.NewReplacer(`"name": "checkout",
                "namespace": "shop"`, fmt.Sprintf(`"name": "app-%d", "namespace": %q`, i, namespace(i)))
		}),
		"kubernetes/replicasets.json": write("replicasets", "ReplicaSet", 10*n, func(i int) *strings.Replacer {
			return strings.NewReplacer(
				`"namespace": "shop"`, fmt.Sprintf(`"namespace": %q`, namespace(i/10)),
				`"name": "checkout-7c9d8f6b5"`, fmt.Sprintf(`"name": "app-%d-h%d"`, i/10, i%10),
				`"name": "checkout",
                        "uid": "d-1"`, fmt.Sprintf(`"name": "app-%d", "uid": "d-%d"`, i/10, i/10),
				`"deployment.kubernetes.io/revision": "12"`, fmt.Sprintf(`"deployment.kubernetes.io/revision": "%d"`, i%10+3),
			)
		}),
	}
}

func TestLargeClusterIsReadAroundTheTarget(t *testing.T) {
	tool := &Tool{fsys: cluster(t, 200), large: 100 << 10}
	req := shopRequest
	req.Target.Pod = "app-100-h4-abcde"
	r, err := tool.Query(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range r.Evidence.Rollouts.Workloads {
		got = append(got, fmt.Sprintf("%s/%s: %d", w.Namespace, w.Name, len(w.Revisions)))
	}
	if diff := cmp.Diff([]string{"shop/app-0: 10", "shop/app-100: 10"}, got); diff != "" {
		t.Errorf("workloads and their revisions (-want +got):\n%s", diff)
	}
	if len(r.Facts) == 0 || !strings.Contains(r.Facts[0].Says, "app-100") {
		t.Errorf("facts: %+v", r.Facts)
	}
}

func BenchmarkCluster(b *testing.B) {
	for _, n := range []int{200, 2000} {
		tree := cluster(b, n)
		size := 0
		for _, f := range tree {
			size += len(f.Data)
		}
		req := shopRequest
		req.Target.Pod = "app-100-h4-abcde"
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				query(b, tree, req)
			}
		})
	}
}
