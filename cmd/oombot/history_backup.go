package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// backedUp is what `oombot history backup -o json` prints.
type backedUp struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

func newHistoryBackup(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "copy the file of past incidents as it is at one moment",
		Long: `backup writes a copy of the file of past incidents as it is at one moment, while others go on writing to it. The copy is
there whole, or not at all, and only its owner may read it. With - as FILE it goes to standard output.`,
		Example: `  oombot history backup memory-2026-03-04.db
  oombot history backup - | gzip > memory.db.gz`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "" {
				return usagef("say where to write the copy: a file, or - for standard output")
			}
			return atMostOne(cmd, args)
		},
	}
	output := outputFlag(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE where it is there already")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		toStdout := args[0] == standardOutput
		if toStdout && a.stdout.terminal {
			return usagef("the copy is no text: send standard output to a file or a pipe")
		}
		return a.withMemoryOf(cmd, true, func(ctx context.Context, store memory.Store, cfg *config.Config) error {
			if toStdout {
				return store.Backup(ctx, a.stdout.Writer)
			}
			n, err := backup(ctx, store, cfg.Memory.File, args[0], force)
			if err != nil {
				return err
			}
			if output.value == outputJSON {
				return report.Document(a.stdout, backedUp{args[0], n}, "")
			}
			return a.printf("%s: %s\n", oneLine(args[0]), investigations.FormatBytes(n))
		})
	}
	return cmd
}

// backup writes a copy of the file from to the file to, whole or not at all, and returns its size.
func backup(ctx context.Context, store memory.Store, from, to string, force bool) (n int64, err error) {
	if err := vacant(from, to, force); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(filepath.Dir(to), ".oombot-backup-*") // with mode 0600
	if err != nil {
		return 0, fmt.Errorf("write the copy: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreGone(os.Remove(f.Name())))
		}
	}()
	if n, err = writeCopy(ctx, store, f); err != nil {
		return 0, err
	}
	if force {
		err = os.Rename(f.Name(), to)
	} else {
		err = place(f.Name(), to)
	}
	if errors.Is(err, fs.ErrExist) {
		return 0, existsError(to)
	}
	if err != nil {
		return 0, fmt.Errorf("put the copy in its place: %w", err)
	}
	return n, syncDir(filepath.Dir(to))
}

// place gives a file its name, unless something has that name already; a rename would replace that. Where a file can't
// have two names it is renamed all the same: that nothing was there was looked at before.
func place(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	return os.Rename(from, to)
}

// vacant says whether a copy may be written to a file.
func vacant(from, to string, force bool) error {
	info, err := os.Stat(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("write the copy: %w", err)
	case info.IsDir():
		return fmt.Errorf("write the copy: %s is a folder: name a file in it", oneLine(to))
	}
	if original, err := os.Stat(from); err == nil && os.SameFile(original, info) {
		return fmt.Errorf("%s is the file of past incidents itself: name another one for the copy", oneLine(to))
	}
	if !force {
		return existsError(to)
	}
	return nil
}

func existsError(to string) error {
	return fmt.Errorf("%s is there already: name another file, or give --force to replace it", oneLine(to))
}

// writeCopy writes the copy to f, and closes it once the disk has it.
func writeCopy(ctx context.Context, store memory.Store, f *os.File) (int64, error) {
	w := bufio.NewWriterSize(f, 1<<20)
	err := store.Backup(ctx, w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	n, seekErr := f.Seek(0, io.SeekCurrent)
	if err = errors.Join(err, seekErr, f.Close()); err != nil {
		return 0, fmt.Errorf("write the copy: %w", err)
	}
	return n, nil
}

// syncDir has the disk take note of a new name in a folder.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("put the copy in its place: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("put the copy in its place: %w", err)
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// compacted is what `oombot history compact -o json` prints.
type compacted struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

func newHistoryCompact(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "write the file of past incidents anew, without unused room",
		Long: `compact writes the file of past incidents anew, without the room that forgotten ones took, and prints its size before and
after. Whoever else uses the file waits meanwhile. The disk needs room for both files.`,
		Example: "  oombot history compact",
		Args:    noArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withMemoryOf(cmd, true, func(ctx context.Context, store memory.Store, cfg *config.Config) error {
			before, after, err := store.Compact(ctx)
			if err != nil {
				return err
			}
			if output.value == outputJSON {
				return report.Document(a.stdout, compacted{before, after}, "")
			}
			return a.printf("%s: %s before, %s after\n", oneLine(cfg.Memory.File), investigations.FormatBytes(before), investigations.FormatBytes(after))
		})
	}
	return cmd
}
