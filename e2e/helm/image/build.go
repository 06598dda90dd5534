package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// authorities is where Debian keeps the certificates that the image takes.
const authorities = "/etc/ssl/certs/ca-certificates.crt"

// Run runs the Dockerfile's own build command in the module's root, with its output in dir, and returns the program's path.
func (f File) Run(ctx context.Context, root, dir string) (string, error) {
	out := filepath.Join(dir, filepath.Base(f.Output))
	command := strings.ReplaceAll(f.Build, f.Output, out)
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+runtime.GOARCH)
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("run %s: %w\n%s", command, err, said)
	}
	return out, nil
}

// Build builds the image of the Dockerfile below root for this machine's architecture. Files are built in dir.
func Build(ctx context.Context, root, dir string) (v1.Image, error) {
	text, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile"))
	if err != nil {
		return nil, fmt.Errorf("read the Dockerfile: %w", err)
	}
	f, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("read deploy/Dockerfile: %w", err)
	}
	program, err := f.Run(ctx, root, dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(authorities); err != nil {
		return nil, errors.Join(fmt.Errorf("find the certificates for the image: %w", err), errors.New("install the package ca-certificates"))
	}
	return f.Image(runtime.GOARCH, map[string]string{f.Output: program, authorities: authorities})
}

// Write writes an image as an archive that `docker load`, `podman load`, `ctr images import` and `kind load image-archive` take.
func Write(file, tag string, img v1.Image) error {
	ref, err := name.NewTag(tag)
	if err != nil {
		return fmt.Errorf("take the image's name %s: %w", tag, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make a folder for the image: %w", err)
	}
	if err := tarball.WriteToFile(file, ref, img); err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	return nil
}
