package goldentest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// listener is a test that is listened to.
type listener struct {
	testing.TB
	said string
}

func (l *listener) Helper() {}

func (l *listener) Errorf(format string, args ...any) {
	l.said += fmt.Sprintf(format, args...)
}

func (l *listener) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	runtime.Goexit()
}

// heard runs Equal, and returns what it says where it fails.
func heard(t *testing.T, path, text string) string {
	l := &listener{TB: t}
	ended := make(chan struct{})
	go func() { // ends with Equal
		defer close(ended)
		Equal(l, path, text)
	}()
	<-ended
	return l.said
}

func TestEqual(t *testing.T) {
	t.Setenv(Update, "")
	const file = "testdata/lines.txt"
	if said := heard(t, file, "one line\nanother\n"); said != "" {
		t.Errorf("what is equal fails: %s", said)
	}
	for _, other := range []string{"", "one line\nanother", "one line\na third\n"} {
		if said := heard(t, file, other); !strings.Contains(said, "another") || !strings.Contains(said, file) {
			t.Errorf("for %q it says %q", other, said)
		}
	}
	if said := heard(t, "testdata/nothing.txt", "text"); !strings.Contains(said, Update) {
		t.Errorf("where there is no file it says %q", said)
	}
}

func TestUpdate(t *testing.T) {
	t.Setenv(Update, "1")
	path := filepath.Join(t.TempDir(), "a", "b.txt")
	for _, text := range []string{"first", "second\n"} {
		Equal(t, path, text)
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("written is %q, %v", got, err)
		}
	}
}
