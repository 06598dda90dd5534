package cluster_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/examples"
)

func TestMain(m *testing.M) {
	os.Exit(cluster.Main(m))
}

// bundles are the examples, and those in the folder bundles of OOMBOT_SHARED where that is set.
func bundles(t *testing.T) map[string]fs.FS {
	t.Helper()
	out := map[string]fs.FS{}
	add := func(all fs.FS) {
		dirs, err := fs.Glob(all, "*/incident.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range dirs {
			name := filepath.Dir(file)
			sub, err := fs.Sub(all, name)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = sub
		}
	}
	add(examples.FS)
	if dir := os.Getenv("OOMBOT_SHARED"); dir != "" {
		add(os.DirFS(filepath.Join(dir, "bundles")))
	}
	if len(out) < 16 {
		t.Fatalf("%d bundles, want all the examples", len(out))
	}
	return out
}

// example is one of the examples.
func example(t *testing.T, name string) fs.FS {
	t.Helper()
	sub, err := fs.Sub(examples.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(sub, "incident.yaml"); err != nil {
		t.Fatal(err)
	}
	return sub
}

func file(t *testing.T, bundle fs.FS, name string) string {
	t.Helper()
	data, err := fs.ReadFile(bundle, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stamp is the time at the beginning of a line of a log.
func stamp(t *testing.T, line string) time.Time {
	t.Helper()
	text, _, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Truncate(time.Second) // as fine as a client may ask
}

func client(t *testing.T, config *rest.Config) kubernetes.Interface {
	t.Helper()
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
