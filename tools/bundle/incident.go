package bundle

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/oombot/oombot/investigations"
)

// Version is the version of the format that this package reads.
const Version = 1

// incidentLimit is far above any honest incident.yaml, and keeps a YAML parser's appetite bounded.
const incidentLimit = 1 << 20

// incident is incident.yaml. Keys that it does not name are of later versions or of other programs.
type incident struct {
	Version json.RawMessage `json:"version"`
	At      text            `json:"at"`
	Target  *struct {
		Namespace text `json:"namespace"`
		Pod       text `json:"pod"`
		Container text `json:"container"`
		Workload  text `json:"workload"`
		Node      text `json:"node"`
	} `json:"target"`
	Cluster text `json:"cluster"`
	Window  text `json:"window"`
	Alert   *struct {
		Source text `json:"source"`
		ID     text `json:"id"`
		Title  text `json:"title"`
	} `json:"alert"`
	// Collected says what the program that wrote the bundle could not read.
	Collected *collected `json:"collected"`
}

// collected is what a collector tells of its work.
type collected struct {
	At text `json:"at"`
	By text `json:"by"`
	// Missing says for the path of a file or folder why it is not there.
	Missing    map[string]text `json:"missing"`
	BlindSpots []struct {
		Tool      text `json:"tool"`
		Why       text `json:"why"`
		WouldTell text `json:"would_tell"`
	} `json:"blind_spots"`
}

// mostReasons bounds what a collector may tell.
const mostReasons = 2_000

// missing returns why parts are not there, by path.
func (c *collected) missing() map[string]error {
	if c == nil {
		return nil
	}
	out := map[string]error{}
	for path, why := range c.Missing {
		if len(out) < mostReasons && fs.ValidPath(path) && path != "." {
			out[path] = errors.New(investigations.CleanText(string(why), 300))
		}
	}
	return out
}

func (c *collected) blindSpots() []investigations.BlindSpot {
	if c == nil {
		return nil
	}
	var out []investigations.BlindSpot
	for _, b := range c.BlindSpots[:min(len(c.BlindSpots), mostReasons)] {
		out = append(out, investigations.BlindSpot{Tool: string(b.Tool), Why: string(b.Why), WouldTell: string(b.WouldTell)})
	}
	return out
}

// text is a YAML scalar. A name or an id that looks like a number or a boolean is one to YAML when it is not
// quoted, and means its letters all the same.
type text string

// UnmarshalJSON takes a string, number or boolean; null is empty.
func (t *text) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		*t = ""
	case data[0] == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = text(strings.TrimSpace(s))
	case data[0] == '{' || data[0] == '[':
		return errors.New("a list or a map stands where a single value belongs")
	default:
		*t = text(data)
	}
	return nil
}

// parseIncident reads the text of an incident.yaml. Every error wraps investigations.ErrInvalidBundle and
// says what to write instead.
func parseIncident(data []byte) (investigations.Request, *collected, error) {
	var none investigations.Request
	var in incident
	if err := yaml.Unmarshal(data, &in); err != nil {
		return none, nil, invalid("%s can't be read: %s", incidentFile, investigations.CleanText(err.Error(), 300))
	}
	if err := checkVersion(in.Version); err != nil {
		return none, nil, err
	}
	at, err := parseTime(string(in.At))
	if err != nil {
		return none, nil, err
	}
	target, err := in.target()
	if err != nil {
		return none, nil, err
	}
	window, err := parseWindow(string(in.Window))
	if err != nil {
		return none, nil, err
	}
	req := investigations.Request{At: at, Target: target, Cluster: string(in.Cluster), Window: window}
	if in.Alert != nil {
		req.Alert = &investigations.Alert{
			Source: string(in.Alert.Source), ID: string(in.Alert.ID), Title: string(in.Alert.Title),
		}
	}
	return req, in.Collected, nil
}

func checkVersion(raw json.RawMessage) error {
	switch v := strings.Trim(string(raw), `"`); v {
	case strconv.Itoa(Version):
		return nil
	case "", "null":
		return invalid("%s has no version: write version: %d", incidentFile, Version)
	default:
		return invalid("%s is of version %s and this program reads version %d: use the release that wrote it",
			incidentFile, investigations.CleanText(v, 40), Version)
	}
}

func parseTime(s string) (time.Time, error) {
	const example = "write the time of the kill or of the alert, as at: 2026-03-04T02:17:09Z"
	if s == "" {
		return time.Time{}, invalid("%s has no at: %s", incidentFile, example)
	}
	if t, err := investigations.ParseTime(s); err == nil {
		return t, nil
	}
	return time.Time{}, invalid("%s has an at that is no time, %q: %s", incidentFile, clip(s), example)
}

// parseWindow reads a duration in Go's notation with days and weeks in front, as 24h, 7d or 1d12h.
func parseWindow(s string) (time.Duration, error) {
	if s == "" {
		return investigations.DefaultWindow, nil
	}
	d, err := investigations.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, invalid("%s has a window that is no duration, %q: write it as 24h, 7d or 30m", incidentFile, clip(s))
	}
	return d, nil
}

func clip(s string) string { return investigations.CleanText(s, 80) }
