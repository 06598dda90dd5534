package nodeagent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// state is what an agent that starts again knows of its last run: a file of JSON in its folder. What is in it was told
// to the bot, or waits for it on disk.
type state struct {
	Version int    `json:"version"`
	BootID  string `json:"boot_id"`
	// Position is how far the kernel log was read: a follow.Position.
	Position json.RawMessage `json:"position,omitempty"`
	// LosslessSince is since when nothing of the log was missed, up to the position.
	LosslessSince time.Time `json:"lossless_since,omitzero"`
}

const (
	stateVersion = 1
	stateFile    = "state.json"
	// maxState is far above any state.
	maxState = 64 << 10
)

// loadState reads the state that an agent left in dir. One that is of another boot, or is not there, is empty; an error
// says that it is there and of no use, and comes with an empty one.
func loadState(dir, bootID string) (state, error) {
	empty := state{Version: stateVersion, BootID: bootID}
	if dir == "" {
		return empty, nil
	}
	name := filepath.Join(dir, stateFile)
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return empty, nil
	case err != nil:
		return empty, fmt.Errorf("read how far the kernel log was read: %w", err)
	case info.Size() > maxState:
		return empty, fmt.Errorf("read how far the kernel log was read: %s has %d bytes, which is no state of an agent", name, info.Size())
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return empty, fmt.Errorf("read how far the kernel log was read: %w", err)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return empty, fmt.Errorf("read how far the kernel log was read: %s: %w", name, err)
	}
	if s.Version != stateVersion || s.BootID != bootID {
		return empty, nil
	}
	return s, nil
}

// save replaces the state in dir, so that a crash leaves the old one or the new one.
func (s state) save(dir string) error {
	if dir == "" {
		return nil
	}
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write how far the kernel log was read: %w", err)
	}
	f, err := os.CreateTemp(dir, stateFile+".*")
	if err != nil {
		return fmt.Errorf("write how far the kernel log was read: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // is gone where it was renamed
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, stateFile))
	}
	if err != nil {
		return fmt.Errorf("write how far the kernel log was read: %w", err)
	}
	return nil
}
