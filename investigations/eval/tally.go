package eval

// Status is how an incident's investigation did as a whole.
type Status string

// The statuses.
const (
	// Pass says that every field which the truth has is right.
	Pass Status = "PASS"
	Fail Status = "FAIL"
	// Errored is for an incident that could not be investigated, or whose truth could not be read.
	Errored Status = "ERROR"
)

// StatusOf returns Pass where every grade is right, and Fail otherwise.
func StatusOf(grades []Grade) Status {
	for _, g := range grades {
		if !g.Right {
			return Fail
		}
	}
	return Pass
}

// Score counts how often a field was right.
type Score struct {
	Field string `json:"field"`
	Right int    `json:"right"`
	Of    int    `json:"of"`
}

// Tally adds up the grades of many incidents, a score for each field that was graded at least once, in the
// order of Fields.
func Tally(incidents [][]Grade) []Score {
	byField := map[string]*Score{}
	for _, grades := range incidents {
		for _, g := range grades {
			s := byField[g.Field]
			if s == nil {
				s = &Score{Field: g.Field}
				byField[g.Field] = s
			}
			s.Of++
			if g.Right {
				s.Right++
			}
		}
	}
	out := []Score{}
	for _, f := range Fields {
		if s := byField[f]; s != nil {
			out = append(out, *s)
		}
	}
	return out
}
