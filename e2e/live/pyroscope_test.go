package live

import (
	"io/fs"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/tools/profiles/pyroscopetest"
)

// startPyroscope serves the heap profiles of a bundle as Pyroscope would hold them, and returns its address.
func startPyroscope(t testing.TB, bundle fs.FS) string {
	t.Helper()
	server := &pyroscopetest.Pyroscope{}
	files, err := fs.Glob(bundle, "profiles/*/*/*/*.pb.gz")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parts := strings.Split(file, "/")
		at, err := time.Parse("20060102T150405Z.pb.gz", parts[4])
		if err != nil {
			t.Fatal(err)
		}
		f, err := bundle.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		data, err := profile.Parse(f)
		if err != nil {
			t.Fatal(err)
		}
		server.Profiles = append(server.Profiles, pyroscopetest.Profile{
			Name: "memory", At: at, Data: data,
			Labels: map[string]string{
				"namespace": parts[1], "pod": parts[2], "container": parts[3], "service_name": parts[1] + "/" + parts[3],
			},
		})
	}
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	return s.URL
}
