package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/toolstest"
)

const goodIncident = `version: 1
at: 2026-03-04T02:17:09Z        # when it was killed
target:
  namespace: shop
  pod: checkout-7c9d8f6b5-x2x4p
  container: checkout
cluster: prod-eu
window: 24h
alert: {source: pagerduty, id: Q1A2, title: "checkout is crash looping"}
`

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "incident.yaml", goodIncident)
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	want := investigations.Request{
		At: time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC),
		Target: investigations.Target{
			Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "checkout",
		},
		Cluster: "prod-eu",
		Window:  24 * time.Hour,
		Alert:   &investigations.Alert{Source: "pagerduty", ID: "Q1A2", Title: "checkout is crash looping"},
	}
	if diff := cmp.Diff(want, b.Request()); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if got, err := fs.ReadFile(b.FS(), "incident.yaml"); err != nil || string(got) != goodIncident {
		t.Errorf("ReadFile = %q, %v", got, err)
	}
}

// TestOpenFS opens a bundle that lies in no folder as Open does one that does.
func TestOpenFS(t *testing.T) {
	fsys := fstest.MapFS{
		"incident.yaml":    {Data: []byte(goodIncident + "collected: {missing: {logs: \"Loki was down\"}, blind_spots: [{tool: logs, why: \"Loki was down\"}]}\n")},
		"kernel/n1.log":    {Data: []byte("a line\n")},
		"logs/a/b/app.log": {Data: []byte("kept back\n")},
	}
	b, err := OpenFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Request(); got.Target.Container != "checkout" || got.Cluster != "prod-eu" {
		t.Errorf("it asks for %+v", got)
	}
	if data, err := fs.ReadFile(b.FS(), "kernel/n1.log"); err != nil || string(data) != "a line\n" {
		t.Errorf("the kernel log is %q, %v", data, err)
	}
	if spots := b.BlindSpots("logs"); len(spots) != 1 || spots[0].Why != "Loki was down" {
		t.Errorf("blind spots: %+v", spots)
	}
	if err := b.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := OpenFS(fstest.MapFS{}); !errors.Is(err, investigations.ErrInvalidBundle) {
		t.Errorf("an empty file system: %v", err)
	}
}

func TestOpenSamples(t *testing.T) {
	for _, dir := range toolstest.SampleBundles(t) {
		b, err := Open(dir)
		if err != nil {
			t.Error(err)
			continue
		}
		if r := b.Request(); r.At.IsZero() || r.Target.Pod == "" || r.Window != 24*time.Hour {
			t.Errorf("%s: request %+v", dir, r)
		}
		b.Close()
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name  string
		build func(t *testing.T, dir string) string
		says  string
		is    error
	}{
		{"no folder", func(_ *testing.T, dir string) string { return dir + "/gone" }, "check the path", fs.ErrNotExist},
		{"a file", func(t *testing.T, dir string) string {
			write(t, dir, "b.tar.gz", "x")
			return dir + "/b.tar.gz"
		}, "unpack", nil},
		{"empty folder", func(_ *testing.T, dir string) string { return dir }, "incident.yaml is missing", nil},
		{"one folder too far up", func(t *testing.T, dir string) string {
			write(t, dir, "leak-3/incident.yaml", goodIncident)
			return dir
		}, `"leak-3"`, nil},
		{"a folder in its place", func(t *testing.T, dir string) string {
			write(t, dir, "incident.yaml/x", "")
			return dir
		}, "incident.yaml", nil},
		{"a link in its place", func(t *testing.T, dir string) string {
			write(t, dir, "real.yaml", goodIncident)
			if err := os.Symlink("real.yaml", dir+"/incident.yaml"); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "symbolic link", investigations.ErrForbidden},
		{"too large", func(t *testing.T, dir string) string {
			write(t, dir, "incident.yaml", goodIncident+strings.Repeat("# padding\n", incidentLimit/8))
			return dir
		}, "over", investigations.ErrTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, err := Open(test.build(t, t.TempDir()))
			if err == nil {
				b.Close()
				t.Fatal("no error")
			}
			if !errors.Is(err, investigations.ErrInvalidBundle) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %q: want ErrInvalidBundle that says %q", err, test.says)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %q does not wrap %q", err, test.is)
			}
		})
	}
}
