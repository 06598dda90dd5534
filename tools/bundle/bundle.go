// Package bundle opens a recorded incident: a folder that holds all that one investigation read.
//
// It owns the file incident.yaml, which says what was killed and when, and the way into the folder: an
// io/fs.FS that every source reads its part from. The FS stays inside the folder (os.Root), follows no
// symbolic link, opens no special file, and holds each file to the limits of the format: LogLimit for a
// kernel log, FileLimit for any other file, JSONDepth for nested JSON. What the parts hold is the business of
// the sources; this package knows none of their formats.
package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/oombot/oombot/investigations"
)

const incidentFile = "incident.yaml"

// Bundle is an open bundle. It is safe for concurrent use.
type Bundle struct {
	// root is nil where the bundle lies in no folder.
	root *os.Root
	fsys fs.FS
	req  investigations.Request
	// spots are what the collector could not see.
	spots []investigations.BlindSpot
}

// Open opens the bundle in the folder dir and reads its incident.yaml. The caller closes it. An error that
// wraps investigations.ErrInvalidBundle says that dir is no bundle, and what to do about it.
func Open(dir string) (*Bundle, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, invalidFolder(dir, err)
	}
	fsys := &rootFS{root: root}
	req, told, err := readIncident(fsys)
	if err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("open bundle %q: %w", dir, err)
	}
	return &Bundle{root: root, fsys: withMissing(fsys, told.missing()), req: req, spots: told.blindSpots()}, nil
}

// OpenFS opens the bundle in fsys, for bundles that lie in no folder, as those inside the program: the FS is used as it
// is, and only what incident.yaml says is missing is kept back. Its errors are Open's.
func OpenFS(fsys fs.FS) (*Bundle, error) {
	req, told, err := readIncident(fsys)
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	return &Bundle{fsys: withMissing(fsys, told.missing()), req: req, spots: told.blindSpots()}, nil
}

func invalidFolder(dir string, err error) error {
	hint := "check the path"
	if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
		hint = "give the folder that holds incident.yaml; unpack an archive first"
	}
	return fmt.Errorf("open bundle %q: %w: %w: %s", dir, investigations.ErrInvalidBundle, err, hint)
}

// Request returns what the bundle asks to investigate. Window is never zero.
func (b *Bundle) Request() investigations.Request { return b.req }

// FS returns the folder. Besides fs.FS it implements fs.StatFS and fs.ReadDirFS, and is safe for concurrent
// use until Close. Its errors wrap investigations.ErrForbidden for a link or a special file (a link in the
// path to it counts too) and for missing permission, investigations.ErrTooLarge for a file beyond a limit
// (where the limit shows only while reading, Read returns it), and fs.ErrNotExist. ReadDir lists links and
// special files too, so that a source can name what it does not read.
func (b *Bundle) FS() fs.FS { return b.fsys }

// BlindSpots returns what the collector of the bundle says that a tool could not see, beside what is missing.
func (b *Bundle) BlindSpots(tool string) []investigations.BlindSpot { return spotsOf(b.spots, tool) }

// Close ends the use of the FS; files that are open stay so.
func (b *Bundle) Close() error {
	if b.root == nil {
		return nil
	}
	return b.root.Close()
}

// ReadIncident reads the incident.yaml of the bundle in fsys, for bundles that lie in no folder, as those inside
// the program. It sets no limit but on that file. Its errors are Open's.
func ReadIncident(fsys fs.FS) (investigations.Request, error) {
	req, _, err := readIncident(fsys)
	return req, err
}

func readIncident(fsys fs.FS) (investigations.Request, *collected, error) {
	f, err := fsys.Open(incidentFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return investigations.Request{}, nil, invalid("%s is missing: %s", incidentFile, missingHint(fsys))
		}
		return investigations.Request{}, nil, fmt.Errorf("%w: %w", investigations.ErrInvalidBundle, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, incidentLimit+1))
	if err != nil {
		return investigations.Request{}, nil, fmt.Errorf("%w: %w", investigations.ErrInvalidBundle, err)
	}
	if len(data) > incidentLimit {
		return investigations.Request{}, nil, fmt.Errorf("%w: %s is over %d bytes: %w: keep only its own keys in it",
			investigations.ErrInvalidBundle, incidentFile, incidentLimit, investigations.ErrTooLarge)
	}
	return parseIncident(data)
}

// missingHint looks whether the folder given is one too far up, which is the usual mistake.
func missingHint(fsys fs.FS) string {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return "it says what was killed and when; write one, or give another folder"
	}
	for _, e := range entries[:min(len(entries), 200)] {
		if !e.IsDir() {
			continue
		}
		if _, err := fs.Stat(fsys, e.Name()+"/"+incidentFile); err == nil {
			return fmt.Sprintf("the folder %q in it is a bundle; give that one", e.Name())
		}
	}
	return "it says what was killed and when; write one, or give another folder"
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", investigations.ErrInvalidBundle, fmt.Sprintf(format, args...))
}
