package socket

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// longest is how many bytes the path of a socket can have; Linux takes 107, others 103, and an ending must fit.
	longest = 103 - len(ending)
	// ending is what the name of a socket gets when its server ends.
	ending = ".end"
)

// place is a path at which the socket of a memory file may be.
type place struct {
	socket string
	// own says that the socket's folder is for this socket only: it belongs to one user, or is refused.
	own bool
}

// Paths returns where the socket of a memory file may be, the preferred path first.
func Paths(file string) ([]string, error) {
	places, err := placesOf(file)
	var out []string
	for _, p := range places {
		out = append(out, p.socket)
	}
	return out, err
}

func placesOf(file string) ([]place, error) {
	resolved, err := resolve(file)
	if err != nil {
		return nil, err
	}
	var out []place
	if beside := resolved + ".sock"; len(beside) <= longest {
		out = append(out, place{socket: beside})
	}
	sum := sha256.Sum256([]byte(resolved))
	short := filepath.Join(os.TempDir(), "oombot-"+hex.EncodeToString(sum[:10]), "memory.sock")
	if len(short) <= longest {
		out = append(out, place{socket: short, own: true})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the socket's path would be longer than %d bytes, both beside %s and below %s: set TMPDIR to a shorter folder", longest, resolved, os.TempDir())
	}
	return out, nil
}

// resolve returns the absolute path of a file without symbolic links; of one that is not there yet its folder's are
// resolved.
func resolve(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("the socket of %s: %w", file, err)
	}
	resolved, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) {
		var folder string
		if folder, err = filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
			resolved = filepath.Join(folder, filepath.Base(abs))
		}
	}
	if err != nil {
		return "", fmt.Errorf("the socket of %s: %w", file, err)
	}
	return resolved, nil
}

// makeFolder makes the folder of a socket's own, where it is not there.
func makeFolder(folder string, u users) error {
	switch err := os.Mkdir(folder, 0o700); {
	case err == nil:
		if err := u.give(folder); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	return checkFolder(folder, u)
}

// checkFolder refuses a folder in which somebody else could put a socket of his own.
func checkFolder(folder string, u users) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is %v, and no folder that only its owner may use: %w", folder, info.Mode(), ErrRefused)
	}
	return checkOwner(folder, info, u)
}

// checkOwner refuses what belongs to nobody of those who are trusted.
func checkOwner(path string, info fs.FileInfo, u users) error {
	if owner, known := ownerOf(info); known && !u.trusted(owner) {
		return fmt.Errorf("%s belongs to user %d: %w", path, owner, ErrRefused)
	}
	return nil
}
