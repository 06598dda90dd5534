package logs

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

const (
	// often is how many lines of one form make it an everyday one.
	often = 8
	// outstanding is how many times the usual size one of them must name to matter all the same.
	outstanding = 3
	// kept is how many of the latest everyday lines stay.
	kept = 3
)

// unusual leaves out work and allocations that a program tells of all the time, as the size of its heap each
// minute or each small upload: of lines of one form those stay that name an outstanding size, else the latest
// ones; of allocations none.
func unusual(ms []investigations.LogMatch) []investigations.LogMatch {
	forms := map[string][]int{}
	for i, m := range ms {
		f := form(m.Text)
		forms[f] = append(forms[f], i)
	}
	drop := make([]bool, len(ms))
	for _, members := range forms {
		if len(members) < often {
			continue
		}
		sizes := make([]int64, 0, len(members))
		for _, i := range members {
			sizes = append(sizes, ms[i].Bytes)
		}
		slices.Sort(sizes)
		usual, largest := sizes[len(sizes)/2], sizes[len(sizes)-1]
		exceptional := usual > 0 && largest/outstanding >= usual
		for n, i := range members {
			switch {
			case exceptional:
				drop[i] = ms[i].Bytes/outstanding < usual
			case ms[i].Kind == investigations.LogAllocation:
				drop[i] = true
			default:
				drop[i] = n < len(members)-kept
			}
		}
	}
	out := ms[:0]
	for i, m := range ms {
		if !drop[i] {
			out = append(out, m)
		}
	}
	return out
}

// form is a line without its numbers.
func form(text string) string {
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		c, inNumber := text[i], len(out) > 0 && out[len(out)-1] == '0'
		switch {
		case c >= '0' && c <= '9' && inNumber, (c == '.' || c == ',') && inNumber:
			continue
		case c >= '0' && c <= '9':
			c = '0'
		}
		out = append(out, c)
	}
	return string(out)
}
