package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/oombot/oombot/tools/bundle"
)

const (
	// standardOutput stands for standard output where a folder or a file is asked for.
	standardOutput = "-"
	// archived is the folder in the archive that collect writes to standard output.
	archived = "bundle"
)

// vacantOut says whether a bundle can be written to out.
func (a *app) vacantOut(out, output string) error {
	switch {
	case out != standardOutput:
		return bundle.Vacant(out)
	case a.stdout.terminal:
		return usagef("the archive is no text: send standard output to a file or a pipe, as | tar -x")
	case output == outputJSON:
		return usagef("the archive itself goes to standard output: leave out -o json")
	}
	return nil
}

// archive writes the recording to standard output as a tar archive of one folder, for where no folder can be taken away:
// the image has no tar.
func (a *app) archive(s *session) (w bundle.Written, err error) {
	dir, err := os.MkdirTemp("", "oombot-collect-")
	if err != nil {
		return w, fmt.Errorf("make a folder for the bundle: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if w, err = s.recording.Write(filepath.Join(dir, archived), s.subject.Request, readVersion().String(), time.Now()); err != nil {
		return w, err
	}
	t := tar.NewWriter(a.stdout.Writer)
	if err := errors.Join(t.AddFS(os.DirFS(dir)), t.Close()); err != nil {
		return w, fmt.Errorf("write the archive to standard output: %w", err)
	}
	w.Dir = archived
	return w, nil
}
