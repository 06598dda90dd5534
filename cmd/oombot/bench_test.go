package main

import (
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"

	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/tools/bundle"
)

// BenchmarkInvestigate diagnoses a bundle of 24 hours at steps of 30 seconds with 20 pods on the node, and, as
// its baseline, only reads the bundle's bytes.
func BenchmarkInvestigate(b *testing.B) {
	dir := b.TempDir()
	if err := incidents.Write(dir, "leak_after_deploy", 3, incidents.Options{Window: 24 * time.Hour, Step: 30 * time.Second, Neighbours: 18}); err != nil {
		b.Fatal(err)
	}
	opened, err := bundle.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	var size int64
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			size = readAll(b, opened.FS())
		}
		b.SetBytes(size)
	})
	b.Run("diagnose", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := diagnose(b.Context(), opened.Request(), bundleTools(opened.FS(), opened.BlindSpots, nil), investigations.Options{}); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(size)
		b.ReportMetric(residentMB(b), "MB-peak")
	})
}

func readAll(b *testing.B, fsys fs.FS) (size int64) {
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := io.Copy(io.Discard, f)
		size += n
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

// residentMB is the most memory that this process ever held, in MB (proc(5), VmHWM); 0 where it is not told.
func residentMB(b *testing.B) float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Logf("no peak of memory: %v", err)
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1000
		}
	}
	return 0
}
