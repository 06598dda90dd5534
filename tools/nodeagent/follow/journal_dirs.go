package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFiles bounds how many journal files are looked at: journald keeps 100 of a kind (SystemMaxFiles).
const maxFiles = 1000

// journalDirs are folders with journal files, and with folders of them, one for each machine id.
type journalDirs struct {
	dirs []string
	// done are the names of files that need no second look: what is archived keeps its name.
	done map[string]bool
}

var _ library = (*journalDirs)(nil)

func openJournal(o Options) (*Log, error) {
	j, start, err := newJournal(&journalDirs{dirs: o.JournalDirs, done: map[string]bool{}}, o)
	if err != nil {
		return nil, fmt.Errorf("open the journal below %s: %w", strings.Join(o.JournalDirs, ", "), err)
	}
	return &Log{start: start, source: j, pos: j.pos}, nil
}

func (d *journalDirs) list(boot id128, known map[id128]bool) (files []*journalFile, all int, err error) {
	var errs []error
	for _, dir := range d.dirs {
		names, dirErrs := d.names(dir)
		errs = append(errs, dirErrs...)
		for _, name := range names {
			if all++; all > maxFiles {
				break
			}
			if d.done[name] {
				continue
			}
			f, err := d.open(name, boot, known)
			if err != nil {
				if !errors.Is(err, fs.ErrNotExist) { // it may have been rotated at this moment
					errs = append(errs, err)
				}
				continue
			}
			if f != nil {
				files = append(files, f)
			}
		}
	}
	return files, all, lacks(errs)
}

// names returns the files of a folder, and of the folders in it.
func (d *journalDirs) names(dir string) (names []string, errs []error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		switch {
		case e.Type().IsRegular() && ofSystem(e.Name()):
			names = append(names, name)
		// Folders with a dot are of journal namespaces, where the kernel does not write.
		case e.IsDir() && !strings.Contains(e.Name(), "."):
			inner, err := os.ReadDir(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
			for _, e := range inner {
				if e.Type().IsRegular() && ofSystem(e.Name()) {
					names = append(names, filepath.Join(name, e.Name()))
				}
			}
		}
	}
	return names, errs
}

// ofSystem says whether a file is of the system's journal: system.journal, system@….journal where it was rotated, and
// system@….journal~ where it was not closed. Users have journals of their own.
func ofSystem(name string) bool {
	if name == "system.journal" {
		return true
	}
	return strings.HasPrefix(name, "system@") && (strings.HasSuffix(name, ".journal") || strings.HasSuffix(name, ".journal~"))
}

// open opens a file, nil where it is known, or where it holds nothing of the boot.
func (d *journalDirs) open(name string, boot id128, known map[id128]bool) (*journalFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open a journal file: %w", err)
	}
	f, err := newJournalFile(name, file, file.Close)
	current := filepath.Base(name) == "system.journal"
	if err != nil {
		_ = file.Close() // it was only read
		if !current {
			d.done[name] = true
		}
		return nil, fmt.Errorf("open the journal file %s: %w", name, err)
	}
	if !current {
		d.done[name] = true
	}
	if known[f.header.fileID] || !current && f.header.boot != boot {
		return nil, file.Close()
	}
	if strings.HasSuffix(name, "~") {
		f.header.state = stateArchived
		f.left = true
	}
	return f, nil
}

// lacks says what is wrong with a list of files that could not be opened.
func lacks(errs []error) error {
	err := errors.Join(errs...)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: run as root, in group systemd-journal, or with CAP_DAC_READ_SEARCH: %w", ErrPermission, err)
	}
	return err
}
