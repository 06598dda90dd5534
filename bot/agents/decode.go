package agents

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// How many there may be of what, in one report.
const (
	maxReports   = 1000
	maxCounted   = 1000
	maxUserKills = 1000
	maxPods      = 2000
	maxSeries    = 2000
	maxTop       = 200_000
	maxProfiles  = 10
	maxProfile   = 8 << 20
)

// Decode reads the body of a report: within bounds, with every text cleaned and redacted. faults are the parts that it
// left out, in words. The error is one of investigations.ErrTooLarge where there is more than is taken; its text may be
// told to the sender.
func Decode(body []byte) (r investigations.NodeReport, faults []string, err error) {
	if err := checkSize(body); err != nil {
		return r, nil, err
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, nil, unread(err)
	}
	switch {
	case r.Version != investigations.NodeReportVersion:
		return r, nil, fmt.Errorf("reports of version %d are not known here, those of version %d are: let agent and bot be of one release",
			r.Version, investigations.NodeReportVersion)
	case !isNode(r.Node):
		return r, nil, fmt.Errorf("node is no name of a node: %s", quoted(r.Node))
	}
	if err := checkCounts(&r); err != nil {
		return r, nil, err
	}
	c := newCleaner()
	c.report(&r)
	return r, c.faults, nil
}

// unread says why something is no report, in words that hold nothing of it but names of fields.
func unread(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is of the wrong type: %s", quoted(wrong.Field), quoted(wrong.Value))
	}
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is no JSON: byte %d is wrong", wrong.Offset)
	}
	return fmt.Errorf("it is no report: %s", investigations.CleanText(redact.Text(err.Error()), 200))
}

func checkCounts(r *investigations.NodeReport) error {
	for _, c := range []struct {
		what      string
		has, most int
	}{
		{"reports", len(r.Reports), maxReports},
		{"counted kills", len(r.Counted), maxCounted},
		{"kills of user space", len(r.UserKills), maxUserKills},
		{"pods", len(r.Pods), maxPods},
		{"profiles", len(r.Profiles), maxProfiles},
	} {
		if c.has > c.most {
			return tooMany(c.what, c.most)
		}
	}
	if rec := r.Recorder; rec != nil {
		switch {
		case len(rec.Series) > maxSeries:
			return tooMany("series", maxSeries)
		case len(rec.Top) > maxTop:
			return tooMany("readings of processes", maxTop)
		}
	}
	for i := range r.Profiles {
		if len(r.Profiles[i].Data) > maxProfile {
			return fmt.Errorf("profile %d has more than %d bytes: %w", i+1, maxProfile, investigations.ErrTooLarge)
		}
	}
	return nil
}

var (
	// subdomain is the name of a node or a pod, label that of a namespace or a container.
	subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	label     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	// uid is a pod's: that of a static one is a hash, and has no dashes. container is the id of a container.
	uid       = regexp.MustCompile(`^[0-9A-Za-z][-_.0-9A-Za-z]{0,127}$`)
	container = uid
	// boot is the id of a boot.
	boot = regexp.MustCompile(`^[-0-9A-Za-z]{1,64}$`)
)

const (
	maxName  = 253
	maxLabel = 63
)

// A token that somebody put where a name belongs is not carried on.
func isNode(s string) bool {
	return len(s) <= maxName && subdomain.MatchString(s) && redact.Text(s) == s
}

func isLabel(s string) bool { return len(s) <= maxLabel && label.MatchString(s) && redact.Text(s) == s }

// quoted quotes a word from outside in an error or a fault.
func quoted(s string) string { return investigations.Quote(redact.Text(s), 60) }
