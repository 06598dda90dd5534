package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
)

const (
	// mask is what a secret prints as.
	mask = "[secret]"
	// maxSecret bounds a file that holds a secret.
	maxSecret = 64 << 10
)

// Secret is a secret that a file or an environment variable holds. It prints, logs and marshals as a mask. The
// zero Secret is not set.
type Secret struct {
	// Behind a pointer, so that no printing of an enclosing struct's unexported fields shows it.
	from *source
}

type source struct{ file, value string }

// Set says whether there is a secret.
func (s Secret) Set() bool { return s.from != nil }

// Value returns the secret, "" where it is not set. A file is read again each time, so that a rotated secret
// holds at once.
func (s Secret) Value() (string, error) {
	switch {
	case s.from == nil:
		return "", nil
	case s.from.file == "":
		return s.from.value, nil
	}
	return readSecret(s.from.file)
}

// UnmarshalText takes the name of the secret's file.
func (s *Secret) UnmarshalText(text []byte) error {
	s.from = nil
	if len(text) > 0 {
		s.from = &source{file: string(text)}
	}
	return nil
}

// MarshalText writes a mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns a mask; "" for a secret that is not set.
func (s Secret) String() string {
	if s.from == nil {
		return ""
	}
	return mask
}

// GoString returns a mask.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// LogValue returns a mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// readSecret reads a file that holds one line. Its errors don't name the file: its name may be the secret itself,
// given by mistake.
func readSecret(name string) (string, error) {
	data, err := readFile(name, maxSecret)
	if err != nil {
		return "", fmt.Errorf("%w: give the name of a file that holds the secret", err)
	}
	value := strings.TrimSpace(string(data))
	switch {
	case value == "":
		return "", errors.New("its file is empty: write the secret into it")
	case strings.ContainsAny(value, "\r\n\x00"):
		return "", errors.New("its file holds more than one line: write the secret alone into it")
	}
	return value, nil
}

// readFile reads a regular file of at most limit bytes. Errors don't hold its name.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name) // before it is opened: opening a named pipe may wait for ever
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err != nil {
		return nil, unreadable(err)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if int64(len(data)) > limit {
		return nil, unreadable(fmt.Errorf("it is over %d bytes", limit))
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// unreadable drops the name of the file.
func unreadable(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return fmt.Errorf("its file can't be read: %w", err)
}
