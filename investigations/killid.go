package investigations

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// KillKey joins what tells one kill from every other: cluster, node, boot, pid and kernel time; without a
// kernel report pod uid, container and finishedAt; else target and time.
func KillKey(parts ...string) string { return strings.Join(parts, "\x1f") }

// KillID returns the ULID of a kill: its time, and a hash of its key in place of randomness, so that the
// same kill has the same id in every file.
func KillID(at time.Time, key string) string {
	var id ulid.ULID
	ms := at.UnixMilli()
	if ms < 0 || uint64(ms) > ulid.MaxTime() {
		ms = 0
	}
	// SetTime and SetEntropy fail on a time or a length out of range only, and both are in range here.
	_ = id.SetTime(uint64(ms))
	sum := sha256.Sum256([]byte(key))
	_ = id.SetEntropy(sum[:10])
	return id.String()
}
