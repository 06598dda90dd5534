package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"strconv"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/file"
)

// openMemory opens the file of past incidents that the configuration names. Where it has to be there already, its
// absence is an error that says how to begin one.
func (a *app) openMemory(ctx context.Context, cfg *config.Config, mustExist bool) (memory.Store, error) {
	path := cfg.Memory.File
	if path == config.MemoryNone {
		return nil, usagef("no file of past incidents is named: give --memory FILE, set OOMBOT_MEMORY, or set memory.file in the configuration")
	}
	if mustExist {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("nothing is remembered yet, there is no file %s: 'oombot investigate TARGET --memory %s' begins one, "+
				"'oombot history import --memory %s' fills one from an export", oneLine(path), oneLine(path), oneLine(path))
		}
	}
	return a.openFile(ctx, path, a.logger(slog.LevelWarn))
}

// openFile opens a file of past incidents, whoever holds it, and makes it where there is none.
func openFile(ctx context.Context, path string, log *slog.Logger) (memory.Store, error) {
	s, err := file.Open(ctx, path, file.Options{Log: log})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// localUser is the name of who runs the program; where that has none, as in many containers, the number.
func localUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
