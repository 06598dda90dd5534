// Package image builds the image of deploy/Dockerfile without a container engine and without a registry: it reads the file,
// runs its build command, and puts what its last stage copies into layers. It knows the few instructions that the file has,
// and refuses any other one.
package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Copy is a file that the last stage takes from the stage that builds.
type Copy struct{ From, To string }

// File is what a Dockerfile of two stages says.
type File struct {
	// Build is the command that builds the program, with shell variables. It writes Output.
	Build, Output string
	// Copies are those of the last stage, which begins with nothing.
	Copies     []Copy
	User       string
	Ports      []string
	Entrypoint []string
}

// Parse reads a Dockerfile. Instructions that it does not know, and a last stage that does not begin with nothing, are errors.
func Parse(text string) (File, error) {
	var f File
	var errs []error
	stage := 0
	for n, line := range strings.Split(text, "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		switch {
		case word == "" || strings.HasPrefix(word, "#"):
		case word == "FROM":
			stage++
			if stage == 2 && rest != "scratch" {
				err = fmt.Errorf("the last stage begins with %s, and not with scratch", rest)
			}
		case stage == 1:
			err = f.building(word, rest)
		default:
			err = f.final(word, rest)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", n+1, err))
		}
	}
	if stage != 2 || f.Build == "" || len(f.Copies) == 0 || len(f.Entrypoint) == 0 {
		errs = append(errs, fmt.Errorf("it has %d stages, the build %q, %d files and the entry point %q", stage, f.Build, len(f.Copies), f.Entrypoint))
	}
	return f, errors.Join(errs...)
}

// building takes an instruction of the stage that builds. Only the command that builds matters.
func (f *File) building(word, rest string) error {
	switch word {
	case "WORKDIR", "COPY", "ARG":
	case "RUN":
		if _, after, found := strings.Cut(rest, " -o "); found {
			f.Build = rest
			f.Output, _, _ = strings.Cut(after, " ")
		}
	default:
		return fmt.Errorf("unknown instruction %s", word)
	}
	return nil
}

// final takes an instruction of the last stage.
func (f *File) final(word, rest string) error {
	switch fields := strings.Fields(rest); word {
	case "COPY":
		if len(fields) != 3 || fields[0] != "--from=build" {
			return fmt.Errorf("COPY %s is no copy of one file from the stage build", rest)
		}
		f.Copies = append(f.Copies, Copy{From: fields[1], To: fields[2]})
	case "USER":
		f.User = rest
	case "EXPOSE":
		f.Ports = fields
	case "ENTRYPOINT":
		if err := json.Unmarshal([]byte(rest), &f.Entrypoint); err != nil {
			return fmt.Errorf("ENTRYPOINT %s is no list: %w", rest, err)
		}
	default:
		return fmt.Errorf("unknown instruction %s", word)
	}
	return nil
}

// Image puts the files into an image, each in a layer of its own. files says where each that the Dockerfile copies is on
// this machine. All times are zero, so that the same files give the same image.
func (f File) Image(architecture string, files map[string]string) (v1.Image, error) {
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	for _, c := range f.Copies {
		data, err := os.ReadFile(files[c.From])
		if err != nil {
			return nil, fmt.Errorf("read %s for the image: %w", c.From, err)
		}
		layer, err := layerOf(c.To, data)
		if err != nil {
			return nil, fmt.Errorf("make the layer of %s: %w", c.To, err)
		}
		img, err = mutate.Append(img, mutate.Addendum{
			Layer: layer, History: v1.History{CreatedBy: "COPY " + c.From + " " + c.To}, MediaType: types.OCILayer,
		})
		if err != nil {
			return nil, fmt.Errorf("add the layer of %s: %w", c.To, err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the image's configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	config.Config.User, config.Config.Entrypoint = f.User, f.Entrypoint
	config.Config.Env = []string{"PATH=/"}
	config.Config.ExposedPorts = map[string]struct{}{}
	for _, p := range f.Ports {
		config.Config.ExposedPorts[p+"/tcp"] = struct{}{}
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, fmt.Errorf("set the image's configuration: %w", err)
	}
	return img, nil
}

// layerOf is one file, and the folders that lead to it.
func layerOf(name string, data []byte) (v1.Layer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	name = strings.TrimPrefix(path.Clean(name), "/")
	var dirs []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		dirs = append([]string{dir}, dirs...)
	}
	for _, dir := range dirs {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}); err != nil {
			return nil, err
		}
	}
	mode := int64(0o755)
	if path.Ext(name) != "" {
		mode = 0o644 // the program has no extension
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
}
