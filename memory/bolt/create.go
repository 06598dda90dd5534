package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// create makes an empty memory file. It is made beside its place and then put there, so that nobody ever sees half of
// one. Where another process was faster its file stays.
func create(path string) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // what is left of it where it fails is of no use, and in nobody's way
	if err := temp.Chmod(0o600); err != nil {
		return errors.Join(err, temp.Close())
	}
	db, err := bbolt.Open(temp.Name(), 0o600, &bbolt.Options{
		Timeout:  time.Second,
		OpenFile: func(string, int, os.FileMode) (*os.File, error) { return temp, nil },
	})
	if err != nil {
		temp.Close()
		return writeError(fmt.Errorf("make %s: %w", path, err))
	}
	db.AllocSize = growth
	if err := errors.Join(db.Update(makeBuckets), db.Close()); err != nil {
		return writeError(fmt.Errorf("make %s: %w", path, err))
	}
	err = os.Link(temp.Name(), path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil: // not all file systems have links
		if err := os.Rename(temp.Name(), path); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// syncDir makes durable which files a folder has.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
