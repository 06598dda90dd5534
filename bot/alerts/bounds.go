package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// What an alert may hold, in bytes, and how many of what.
const (
	maxTitle    = 300
	maxRuleName = 200
	maxWord     = 60
	maxID       = 200
	maxURL      = 2000
	maxCluster  = 253
	// maxTargets bounds what one alert may be about.
	maxTargets = 20
	// maxText bounds how much of a text is searched for names, maxWords how much of one alert's annotation.
	maxText  = 16 << 10
	maxWords = 2 << 10
	// maxAlerts bounds the alerts of one message, maxFaults how many of its faults are told.
	maxAlerts = 20000
	maxFaults = 5
)

// clean makes a text fit to store: redacted, on one line, of at most limit bytes.
func clean(s string, limit int) string {
	// What is cut off can't be told, so that only as much is looked at as can matter.
	if len(s) > 16*maxText {
		s = s[:16*maxText]
	}
	return strings.TrimSpace(investigations.CleanText(strings.TrimSpace(redact.Text(s)), limit))
}

// quoted quotes a word from outside in an error or a fault.
func quoted(s string) string { return investigations.Quote(redact.Text(s), maxWord) }

// bounded returns an id as it is where it is short and plain, and its hash otherwise.
func bounded(id string) string {
	if len(id) <= maxID && clean(id, maxID) == id {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// link returns the first of some addresses that a person can open: http or https with a host, without its credentials.
func link(addresses ...string) string {
	for _, a := range addresses {
		if len(a) > maxURL {
			continue
		}
		u, err := url.Parse(strings.TrimSpace(a))
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			continue
		}
		u.User = nil
		// String escapes what can't stand in an address; a host that holds such is none.
		s := redact.Text(u.String())
		if len(s) > maxURL || strings.ContainsAny(s, " <>\"`|\\^") || investigations.CleanText(s, maxURL) != s {
			continue
		}
		return s
	}
	return ""
}
