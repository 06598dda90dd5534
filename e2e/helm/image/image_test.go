package image

import (
	"archive/tar"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const root = "../../.."

// TestParse reads the Dockerfile itself.
func TestParse(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	want := File{
		Build:  `CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags "-s -w" -o /out/oombot ./cmd/oombot`,
		Output: "/out/oombot",
		Copies: []Copy{{authorities, authorities}, {"/out/oombot", "/oombot"}},
		User:   "65532:65532", Ports: []string{"8080", "9101"}, Entrypoint: []string{"/oombot"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deploy/Dockerfile is read as (- wanted, + is):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	const build = "FROM golang AS build\nRUN go build -o /out/x .\n"
	for name, tt := range map[string]struct{ text, says string }{
		"nothing":            {"", "it has 0 stages"},
		"one stage":          {build, "it has 1 stages"},
		"another base":       {build + "FROM alpine\nCOPY --from=build /out/x /x\nENTRYPOINT [\"/x\"]", "begins with alpine"},
		"a command":          {build + "FROM scratch\nRUN true", "line 4: unknown instruction RUN"},
		"a file of outside":  {build + "FROM scratch\nCOPY x /x", "is no copy of one file"},
		"a shell's entry":    {build + "FROM scratch\nENTRYPOINT /x", "is no list"},
		"an unknown of both": {"FROM golang AS build\nADD x /x\n", "unknown instruction ADD"},
	} {
		if _, err := Parse(tt.text); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tt.says)
		}
	}
}

// TestImage builds the image, writes it, loads it again, and runs the program out of it in a folder that holds nothing else.
func TestImage(t *testing.T) {
	built, err := Build(t.Context(), root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := Write(file, "oombot:test", built); err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkConfig(t, img)
	dir := t.TempDir()
	files := unpack(t, img, dir)
	if diff := cmp.Diff([]string{"etc/ssl/certs/ca-certificates.crt", "oombot"}, files); diff != "" {
		t.Errorf("files in the image (- wanted, + there):\n%s", diff)
	}
	program := filepath.Join(dir, "oombot")
	checkStatic(t, program)
	archive, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the program has %.1f MB, the archive of the image %.1f MB", float64(plain.Size())/1e6, float64(archive.Size())/1e6)
	runs(t, dir)
}

func checkConfig(t *testing.T, img v1.Image) {
	t.Helper()
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c.OS != "linux" || c.Config.User != "65532:65532" || !cmp.Equal(c.Config.Entrypoint, []string{"/oombot"}) || len(c.Config.ExposedPorts) != 2 {
		t.Errorf("the image runs %q on %s as %q, with the ports %v", c.Config.Entrypoint, c.OS, c.Config.User, c.Config.ExposedPorts)
	}
	if len(c.RootFS.DiffIDs) != 2 || len(c.History) != 2 {
		t.Errorf("the image has %d layers and %d lines of history, want 2", len(c.RootFS.DiffIDs), len(c.History))
	}
}

// unpack writes the image's file system into dir and returns the names of its files.
func unpack(t *testing.T, img v1.Image, dir string) []string {
	t.Helper()
	content := mutate.Extract(img)
	defer content.Close()
	var files []string
	for r := tar.NewReader(content); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(files)
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.Clean("/"+h.Name))
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(to, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		files = append(files, h.Name)
		f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, h.FileInfo().Mode())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, r); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkStatic wants a program that needs no loader and no library.
func checkStatic(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // it was only read
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a segment %s", p.Type)
		}
	}
	if libraries, err := f.ImportedLibraries(); err == nil && len(libraries) > 0 {
		t.Errorf("the program needs %v", libraries)
	}
	if f.Section(".symtab") != nil || f.Section(".debug_info") != nil {
		t.Error("the program has symbols or debug information: it was not built by the Dockerfile's command")
	}
}

// runs runs the program with dir as its root, as the image's user.
func runs(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to change the root folder needs root: the program was not run")
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"version"}, "oombot "},
		{[]string{"demo", "--fast"}, "leak"}, // reads what is embedded, and the zones of time
		{[]string{"help"}, "serve"},
	} {
		cmd := exec.CommandContext(t.Context(), "/oombot", tt.args...)
		cmd.Dir, cmd.Env = "/", []string{"PATH=/", "NO_COLOR=1"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), tt.says) {
			t.Errorf("oombot %q in the image: %v, want %q in\n%s", tt.args, err, tt.says, out)
		}
	}
}

// TestIgnoresNothingOfTheRepository wants all files of the repository in the build: where one is missing, Go stamps the
// program's version as that of a tree that was changed.
func TestIgnoresNothingOfTheRepository(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	patterns := 0
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		patterns++
		cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--", ":(glob)"+line, ":(glob)"+line+"/**")
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Skipf("git does not tell which files there are: %v %s", err, out)
		}
		if len(out) > 0 {
			t.Errorf("%s keeps these files out of the build:\n%s", line, out)
		}
	}
	if patterns == 0 {
		t.Error("bin, which may hold gigabytes, goes into the build")
	}
}
