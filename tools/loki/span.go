package loki

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/investigations"
)

// tooLong is how Loki refuses a range of time that is longer than it allows.
var tooLong = regexp.MustCompile(`range exceeds the limit \(query length: [^,]*, limit: ([^)]*)\)`)

// shorter returns the beginning of the longest range up to to that the server allows, where err says that the range
// from from on is too long.
func shorter(err error, from, to time.Time) (time.Time, bool) {
	r, ok := errors.AsType[*refusal](err)
	if !ok || r.status != http.StatusBadRequest {
		return from, false
	}
	m := tooLong.FindStringSubmatch(r.body)
	if m == nil {
		return from, false
	}
	limit, perr := time.ParseDuration(m[1])
	if perr != nil {
		d, err := model.ParseDuration(m[1]) // 30d1h
		if err != nil {
			return from, false
		}
		limit = time.Duration(d)
	}
	begin := to.Add(-limit)
	return begin, limit > 0 && begin.After(from)
}

// shortened is the warning about a range that was made shorter.
func shortened(begin time.Time) string {
	return fmt.Sprintf("it allows no longer ranges of time; nothing before %s was asked for",
		investigations.CleanText(begin.UTC().Format(time.RFC3339), 40))
}
