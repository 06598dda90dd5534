package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
)

// checkMemory says whether the file of past incidents can be used. It makes none. Where nothing is to be remembered
// there is nothing to check.
func (a *app) checkMemory(ctx context.Context, c config.Memory, log *slog.Logger) []investigations.Check {
	if c.File == config.MemoryNone {
		return nil
	}
	k := investigations.Check{Tool: investigations.ToolMemory, Name: "memory file", State: investigations.CheckOK}
	if _, err := os.Stat(c.File); errors.Is(err, fs.ErrNotExist) {
		k.Says = fmt.Sprintf("%s is not there yet; the first investigation makes it", c.File)
		if _, err := os.Stat(filepath.Dir(c.File)); err != nil {
			k.State, k.Says = investigations.CheckFail, err.Error()
			k.Fix = "make the folder of memory.file, or name another file: mkdir -p " + filepath.Dir(c.File)
		}
		return []investigations.Check{k}
	}
	store, err := a.openFile(ctx, c.File, log)
	if err != nil {
		k.State, k.Says = investigations.CheckFail, err.Error()
		k.Fix = "investigations answer without it, and remember nothing; docs/memory.md says who may have the file"
		return []investigations.Check{k}
	}
	found, err := store.Candidates(ctx, investigations.Cue{})
	if err := errors.Join(err, store.Close()); err != nil {
		k.State, k.Says, k.Fix = investigations.CheckFail, err.Error(), "restore a backup of it, or move it away to start anew"
		return []investigations.Check{k}
	}
	k.Says = fmt.Sprintf("%s holds %s", c.File, count(int(found.Traces), "incident"))
	if f, err := os.OpenFile(c.File, os.O_RDWR, 0); err != nil {
		k.State, k.Says = investigations.CheckWarn, k.Says+", and can't be written: "+err.Error()
		k.Fix = "past incidents are recalled, and none is stored: let oombot's user write the file"
	} else if err := f.Close(); err != nil {
		log.Warn("close the memory file", "err", err)
	}
	return []investigations.Check{k}
}
