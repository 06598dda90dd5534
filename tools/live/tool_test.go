package live

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
)

// source is a live source that keeps one file and waits for its time to end.
type source struct {
	err  error
	wait bool
	took time.Duration
}

func (s *source) Describe() investigations.Description {
	return investigations.Description{Name: investigations.ToolPods, Summary: "live"}
}

func (s *source) Record(ctx context.Context, sub investigations.Subject, to investigations.Sink) error {
	start := time.Now()
	to.Keep("kubernetes/pods.json", investigations.Origin{Name: "pods"}, []byte(sub.Workload))
	to.Blind(investigations.BlindSpot{Tool: investigations.ToolPods, Why: "a part"})
	to.Blind(investigations.BlindSpot{Tool: investigations.ToolLogs, Why: "another tool's"})
	if s.wait {
		<-ctx.Done()
	}
	s.took = time.Since(start)
	return s.err
}

// reading reads what was recorded; one that is out of time says so.
type reading struct{ fsys fs.FS }

func (r reading) Describe() investigations.Description {
	return investigations.Description{Name: investigations.ToolPods, Summary: "from files"}
}

func (r reading) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ToolResult{}, err
	}
	data, err := fs.ReadFile(r.fsys, "kubernetes/pods.json")
	return investigations.ToolResult{Facts: []investigations.Fact{{Says: string(data) + " of " + req.Cluster}}}, err
}

func toolOf(s *source) *Tool {
	return NewTool(s, investigations.Subject{Workload: "deployment/web"}, bundle.NewRecording(),
		func(f fs.FS) investigations.Tool { return reading{f} })
}

func TestToolRecordsAndReads(t *testing.T) {
	tool := toolOf(&source{})
	got, err := tool.Query(t.Context(), investigations.Request{Cluster: "eu"})
	want := investigations.ToolResult{
		Facts:      []investigations.Fact{{Says: "deployment/web of eu"}},
		BlindSpots: []investigations.BlindSpot{{Tool: investigations.ToolPods, Why: "a part"}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := tool.Describe().Summary; got != "live" {
		t.Errorf("it describes the reader: %q", got)
	}
}

// TestToolKeepsTimeForReading has a source that takes all the time it is given.
func TestToolKeepsTimeForReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s := &source{wait: true}
		got, err := toolOf(s).Query(ctx, investigations.Request{})
		if err != nil || len(got.Facts) != 1 {
			t.Errorf("%+v, %v: what was recorded in time is not read", got, err)
		}
		if s.took != 9*time.Second {
			t.Errorf("the source had %s of 10s", s.took)
		}
	})
}

func TestToolPassesOnWhatStopsTheSource(t *testing.T) {
	broken := errors.New("no connection")
	if got, err := toolOf(&source{err: broken}).Query(t.Context(), investigations.Request{}); !errors.Is(err, broken) || len(got.Facts) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
