package investigations

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

func TestKillIDIsOfTheKill(t *testing.T) {
	key := KillKey("prod", "n1", "boot", "4711", "123.45")
	id := KillID(killedAt, key)
	if got := KillID(killedAt.In(time.FixedZone("CET", 3600)), key); got != id {
		t.Errorf("%s in another zone is %s", id, got)
	}
	parsed, err := ulid.ParseStrict(id)
	if err != nil {
		t.Fatalf("%q is no ULID: %v", id, err)
	}
	if got := ulid.Time(parsed.Time()).UTC(); !got.Equal(killedAt) {
		t.Errorf("the id's time is %s, want %s", got, killedAt)
	}
	for _, other := range []string{
		KillID(killedAt, KillKey("prod", "n1", "boot", "4712", "123.45")),
		KillID(killedAt, KillKey("prod", "n1boot", "4711", "123.45")),
		KillID(killedAt.Add(time.Millisecond), key),
	} {
		if other == id {
			t.Errorf("another kill has the same id %s", id)
		}
	}
}

func TestKillIDOfOddTimes(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(-1, 0), time.Unix(math.MaxInt64/2, 0), time.UnixMilli(math.MaxInt64)} {
		if _, err := ulid.ParseStrict(KillID(at, "k")); err != nil {
			t.Errorf("id of %v: %v", at.Unix(), err)
		}
	}
}

func ExampleKillID() {
	at := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	fmt.Println(KillID(at, KillKey("prod-eu", "n1", "4711")))
	// Output: 01KJVA5048P5B6GBPGK8PKGFX1
}
