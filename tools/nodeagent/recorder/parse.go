package recorder

import (
	"bytes"
	"math"

	"github.com/oombot/oombot/tools/nodeagent/recorder/ring"
)

// missing is a value that the kernel doesn't tell.
const missing = ring.Missing

// unlimited is from where on a number is none: v1's limit where there is none is the greatest whole number of pages in an
// int64, and in 3.x almost 1<<64.
const unlimited = 1 << 60

// digits reads the number that data begins with, and what follows it. It is missing where data begins with none; one that
// is too large becomes the greatest.
func digits(data []byte) (int64, []byte) {
	i := 0
	var v int64
	for i < len(data) && data[i] >= '0' && data[i] <= '9' {
		d := int64(data[i] - '0')
		if v > (math.MaxInt64-d)/10 {
			v = math.MaxInt64
		} else {
			v = v*10 + d
		}
		i++
	}
	if i == 0 {
		return missing, data
	}
	return v, data[i:]
}

// number reads a file or a field that holds one number and no more than white space after it. It is missing where there is
// anything else (v2's limit may be max), and where it is beyond all memory.
func number(data []byte) int64 {
	v, rest := digits(data)
	if v >= unlimited || len(bytes.TrimSpace(rest)) > 0 {
		return missing
	}
	return v
}

// nextLine returns the first line of data and the rest. A last line without its end is cut off, as files of the kernel
// never are, and counts for nothing: a number in it may lack digits.
func nextLine(data []byte) (line, rest []byte, whole bool) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		return nil, nil, false
	}
	return data[:i], data[i+1:], true
}

// keyed reads lines of a key and a number (memory.stat, memory.events, memory.oom_control): into[i] becomes the number of
// keys[i], where it stands there and is one. Keys that stand in the file in the order of keys, as they do in memory.stat,
// are found with one comparison a line.
func keyed(data []byte, keys []string, into []int64) {
	for i := range into {
		into[i] = missing
	}
	found, expect := 0, 0
	for found < len(keys) {
		line, rest, whole := nextLine(data)
		if !whole {
			return
		}
		data = rest
		space := bytes.IndexByte(line, ' ')
		if space <= 0 {
			continue
		}
		i := indexOf(keys, line[:space], expect)
		if i < 0 {
			continue
		}
		if into[i] == missing {
			found++
		}
		into[i] = number(line[space+1:])
		if expect = i + 1; expect == len(keys) {
			expect = 0
		}
	}
}

// indexOf finds a key, first at the place where it is expected.
func indexOf(keys []string, key []byte, expect int) int {
	if keys[expect] == string(key) {
		return expect
	}
	for i, k := range keys {
		if k == string(key) {
			return i
		}
	}
	return -1
}

// pressure reads avg10 of the lines some and full of memory.pressure, in hundredths of a percent.
func pressure(data []byte) (some, full int64) {
	some, full = missing, missing
	for {
		line, rest, whole := nextLine(data)
		if !whole {
			return some, full
		}
		data = rest
		if after, ok := bytes.CutPrefix(line, []byte("some avg10=")); ok {
			some = hundredths(after)
		} else if after, ok := bytes.CutPrefix(line, []byte("full avg10=")); ok {
			full = hundredths(after)
		}
	}
}

// hundredths reads a number with two decimals, as the kernel prints loads.
func hundredths(data []byte) int64 {
	whole, rest := digits(data)
	if whole == missing || whole > 100 || len(rest) < 3 || rest[0] != '.' {
		return missing
	}
	part, after := digits(rest[1:])
	if part == missing || len(rest)-1-len(after) != 2 || len(after) > 0 && after[0] != ' ' {
		return missing
	}
	return whole*100 + part
}

// taskStat reads name and start time (in clock ticks since boot) of /proc/PID/stat: fields 2 and 22 of proc(5). The name
// may hold anything, brackets and line ends included: it goes up to the last bracket.
func taskStat(data []byte) (comm []byte, start int64) {
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || end < open {
		return nil, missing
	}
	rest := data[end+1:]
	for range 20 { // the space before field 3, and those up to field 22
		i := bytes.IndexByte(rest, ' ')
		if i < 0 {
			return nil, missing
		}
		rest = rest[i+1:]
	}
	start, after := digits(rest)
	if len(after) == 0 || after[0] != ' ' {
		return nil, missing
	}
	return data[open+1 : end], start
}

// residentPages reads the second field of /proc/PID/statm.
func residentPages(data []byte) int64 {
	_, rest := digits(data)
	if len(rest) == 0 || rest[0] != ' ' {
		return missing
	}
	pages, after := digits(rest[1:])
	if len(after) == 0 || after[0] != ' ' || pages > unlimited>>12 {
		return missing
	}
	return pages
}
