package deliver

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// temporary begins the name of a file that is being written.
	temporary = ".tmp-"
	// asideDir is the folder of what the bot will never take, and of files that are cut off.
	asideDir = "rejected"
	// maxAside and maxAsideBytes bound it; the oldest go first.
	maxAside      = 20
	maxAsideBytes = 4 << 20
)

// key names a report that waits.
type key struct {
	// at is when it came, in milliseconds since 1970.
	at int64
	// first to last are the numbers of the reports in it.
	first, last int64
	boot        string
}

var keyShape = regexp.MustCompile(`^([0-9]{13})-([0-9]{16})-([0-9]{16})-([0-9A-Za-z_-]{1,64})\.gz$`)

func (k key) file() string {
	return fmt.Sprintf("%013d-%016d-%016d-%s.gz", k.at, k.first, k.last, k.boot)
}

// readKey is the reverse of file.
func readKey(name string) (key, bool) {
	m := keyShape.FindStringSubmatch(name)
	if m == nil || !bootShape.MatchString(m[4]) {
		return key{}, false
	}
	var n [3]int64
	for i := range n {
		// The shape leaves nothing that is no number, or too large.
		n[i], _ = strconv.ParseInt(m[i+1], 10, 64)
	}
	k := key{n[0], n[1], n[2], m[4]}
	return k, k.first > 0 && k.first <= k.last
}

// holds says whether other is a part of k.
func (k key) holds(other key) bool {
	return k != other && k.boot == other.boot && k.first <= other.first && other.last <= k.last
}

// spool is a folder of reports. Its methods may be called at the same time for different reports.
type spool struct{ dir string }

// found is a report that lay in the spool.
type found struct {
	key  key
	size int64
}

// open makes the folder, and returns what lies in it.
func (s spool) open() ([]found, error) {
	if s.dir == "" {
		return nil, errors.New("no spool folder is configured: what waits is lost when the agent ends")
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool folder: %w", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("read the spool folder: %w", err)
	}
	var out []found
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), temporary) {
			s.unlink(e.Name())
			continue
		}
		k, ok := readKey(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil {
			out = append(out, found{k, info.Size()})
		}
	}
	return s.whole(out), nil
}

// whole removes the parts of what was merged, and returns the rest.
func (s spool) whole(list []found) []found {
	// The widest come first, so that one look back is enough.
	slices.SortFunc(list, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.key.boot, b.key.boot), cmp.Compare(a.key.first, b.key.first), cmp.Compare(b.key.last, a.key.last))
	})
	out := list[:0]
	for _, f := range list {
		if n := len(out); n > 0 && out[n-1].key.holds(f.key) {
			s.unlink(f.key.file())
			continue
		}
		out = append(out, f)
	}
	return out
}

// write brings a report to the disk. When it returns nil, the report outlives a loss of power.
func (s spool) write(k key, body []byte) error {
	if s.dir == "" {
		return errors.New("no spool folder is configured")
	}
	err := s.replace(k.file(), body)
	if errors.Is(err, fs.ErrNotExist) {
		// Somebody has removed the folder.
		if err = os.MkdirAll(s.dir, 0o700); err == nil {
			err = s.replace(k.file(), body)
		}
	}
	if err != nil {
		return fmt.Errorf("write into the spool: %w", err)
	}
	return nil
}

func (s spool) replace(name string, body []byte) error {
	f, err := os.OpenFile(filepath.Join(s.dir, temporary+name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.dir, name))
	}
	if err != nil {
		s.unlink(temporary + name)
		return err
	}
	return syncDir(s.dir)
}

// syncDir makes the names in a folder outlive a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// read returns a report's body.
func (s spool) read(k key) ([]byte, error) {
	body, err := os.ReadFile(filepath.Join(s.dir, k.file()))
	if err != nil {
		return nil, fmt.Errorf("read from the spool: %w", err)
	}
	return body, nil
}

// remove takes a report away. One that can't be removed is sent once more when the agent starts again, and the bot knows
// it then.
func (s spool) remove(k key) { s.unlink(k.file()) }

func (s spool) unlink(name string) {
	if s.dir != "" {
		_ = os.Remove(filepath.Join(s.dir, name)) // see remove
	}
}

// aside keeps a report for a person to look at, in a small folder of its own. body is nil where it lies in the spool.
func (s spool) aside(k key, body []byte) error {
	if s.dir == "" {
		return nil
	}
	dir := filepath.Join(s.dir, asideDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of rejected reports: %w", err)
	}
	err := os.Rename(filepath.Join(s.dir, k.file()), filepath.Join(dir, k.file()))
	if errors.Is(err, fs.ErrNotExist) && body != nil {
		err = os.WriteFile(filepath.Join(dir, k.file()), body, 0o600)
	}
	if err != nil {
		return fmt.Errorf("set a report aside: %w", err)
	}
	return thin(dir)
}

// thin keeps the newest files of the folder of rejected reports.
func thin(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read the folder of rejected reports: %w", err)
	}
	slices.Reverse(entries) // names begin with the time
	var bytes int64
	for i, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue
		}
		if bytes += info.Size(); i >= maxAside || bytes > maxAsideBytes {
			err = os.Remove(filepath.Join(dir, e.Name()))
		}
		if err != nil {
			return fmt.Errorf("make room in the folder of rejected reports: %w", err)
		}
	}
	return nil
}
