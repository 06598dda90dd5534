package investigations

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxWindow is the longest window that a person may ask for.
const MaxWindow = 30 * 24 * time.Hour

// ParseWindow reads how far back an investigation is to look: a duration above zero of at most MaxWindow.
func ParseWindow(s string) (time.Duration, error) {
	d, err := ParseDuration(s)
	switch {
	case err != nil || d <= 0:
		return 0, fmt.Errorf("window %q is no duration: write it as 24h, 7d or 30m", CleanText(s, 40))
	case d > MaxWindow:
		return 0, fmt.Errorf("window %q is too long: at most %dd", CleanText(s, 40), MaxWindow/(24*time.Hour))
	}
	return d, nil
}

// ParseDuration reads a duration in Go's notation with weeks and days in front, as 24h, 7d, 1d12h or 2w. It is
// never below zero.
func ParseDuration(s string) (time.Duration, error) {
	var sum time.Duration
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		digits, rest, found := strings.Cut(s, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 13) // keeps the sum far from an overflow
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * unit.length
		if s = rest; s == "" {
			return sum, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, err
	}
	if d < 0 || sum+d < sum {
		return 0, errors.New("out of range")
	}
	return sum + d, nil
}

// timeLayouts are tried in their order; without a zone it is UTC.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 -0700",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04Z07:00",
}

// ParseTime reads a moment as people write it, from 1970 on: RFC 3339, with a space in place of the T, without
// seconds, or without a zone, which is UTC then.
func ParseTime(s string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, strings.ToUpper(s)); err == nil && t.Year() >= 1970 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write it as 2026-03-04T02:17:09Z", CleanText(s, 60))
}
