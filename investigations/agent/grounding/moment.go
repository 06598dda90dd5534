package grounding

import (
	"strconv"
	"strings"
	"time"
)

// moment is a time as it was written: a date, a time of day, or both.
type moment struct {
	// year, month and day; 0 is not written. Swapped has month and day the other way round, as 04/05/2026 may be meant.
	year, month, day int
	swapped          bool
	weekday          string
	// clock says that there is a time of day: seconds since midnight, and how exact it is.
	clock    bool
	seconds  float64
	accuracy time.Duration
	// zone is nil where none was written, which is UTC.
	zone *time.Location
}

var months = map[string]int{
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10,
	"november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10,
	"nov": 11, "dec": 12,
}

var weekdays = map[string]bool{
	"Monday": true, "Tuesday": true, "Wednesday": true, "Thursday": true, "Friday": true, "Saturday": true, "Sunday": true,
}

// momentAt reads a time: 2026-04-15T12:08:16Z, 12:08 UTC on April 15, 14:08:16 CEST, 2 pm, 15 Apr 2026, noon.
func (s *scanner) momentAt(i int) ([]literal, int) {
	var m moment
	end, meant := i, exactly
	if n := s.dateAt(i, &m); n > 0 {
		end += n
		j := end
		for s.at(j).low == "at" || s.at(j).low == "around" || s.at(j).low == "about" || s.at(j).low == "by" || s.at(j).low == "," {
			j++
		}
		if !m.clock && !strings.ContainsAny(s.at(end-1).after, ".;:!?)") {
			if k := s.clockAt(j, &m); k > 0 {
				end = j + k
				meant = max(meant, s.hedge(j, end))
			}
		}
	} else if n := s.clockAt(i, &m); n > 0 {
		end += n
		if m.zone == nil {
			end += s.zoneBehind(end, &m)
		}
		j := end
		if s.at(j).low == "on" {
			j++
		}
		if s.at(j).low == "the" {
			j++
		}
		if !strings.ContainsAny(s.at(end-1).after, ".;:!?)") {
			if k := s.dateAt(j, &m); k > 0 {
				end = j + k
			}
		}
	}
	if end == i {
		return nil, 0
	}
	if m.clock && m.zone == nil {
		end += s.zoneBehind(end, &m)
	}
	return []literal{{kind: Time, text: s.writtenAs(i, end), bound: max(meant, s.hedge(i, end)), moment: &m}}, end - i
}

// zoneBehind reads the zone of a time that ends before word i: CEST, in CEST, (CEST), in Berlin (CEST).
func (s *scanner) zoneBehind(i int, m *moment) int {
	j := i
	if s.at(j).low == "in" {
		j++
	}
	z, n := s.zoneAt(j)
	if z == nil && s.at(j+1).open {
		j++
		z, n = s.zoneAt(j)
	}
	if z == nil || s.at(i-1).ends() && !s.at(j).open {
		return 0
	}
	m.zone = z
	return j + n - i
}

// dateAt reads a date into m, with the time of day where both are one word.
func (s *scanner) dateAt(i int, m *moment) int {
	w := s.at(i)
	if n := m.readISO(w.text); n {
		return 1
	}
	if weekdays[w.text] {
		m.weekday = w.text
		if n := s.dateAt(i+1, m); n > 0 {
			return n + 1
		}
		return 1
	}
	if month := months[w.low]; month > 0 && w.text[0] < 'a' && (w.low != "may" || dayOf(s.at(i+1).low) > 0) && (w.low != "mar" && w.low != "march" || !w.ends()) {
		if day := dayOf(s.at(i + 1).low); day > 0 && (!w.ends() || w.after == ".") {
			m.month, m.day = month, day
			return 2 + s.yearAt(i+2, m)
		}
		if n := s.yearAt(i+1, m); n > 0 {
			m.month = month
			return 1 + n
		}
		return 0
	}
	day, j := dayOf(w.low), i+1
	if day == 0 || w.ends() && w.after != "." {
		return m.readSlashed(w.text)
	}
	if s.at(j).low == "of" {
		j++
	}
	if month := months[s.at(j).low]; month > 0 && s.at(j).text[0] < 'a' {
		m.month, m.day = month, day
		return j + 1 - i + s.yearAt(j+1, m)
	}
	return 0
}

func (s *scanner) yearAt(i int, m *moment) int {
	if y := s.at(i).text; len(y) == 4 && (strings.HasPrefix(y, "20") || strings.HasPrefix(y, "19")) {
		if v, err := strconv.Atoi(y); err == nil {
			m.year = v
			return 1
		}
	}
	return 0
}

// dayOf reads 15, 15th.
func dayOf(word string) int {
	for _, suffix := range []string{"st", "nd", "rd", "th"} {
		if rest, ok := strings.CutSuffix(word, suffix); ok {
			word = rest
			break
		}
	}
	if len(word) == 0 || len(word) > 2 {
		return 0
	}
	v, err := strconv.Atoi(word)
	if err != nil || v < 1 || v > 31 {
		return 0
	}
	return v
}

// readISO reads 2026-04-15, alone or with T and a time of day.
func (m *moment) readISO(text string) bool {
	if len(text) < 10 || text[4] != '-' || text[7] != '-' {
		return false
	}
	date, err := time.Parse(time.DateOnly, text[:10])
	if err != nil || date.Year() < 1970 {
		return false
	}
	rest := text[10:]
	if rest != "" && (rest[0] != 'T' && rest[0] != 't' && rest[0] != '_' || !m.readClock(rest[1:])) {
		return false
	}
	m.year, m.month, m.day = date.Year(), int(date.Month()), date.Day()
	return true
}

// readSlashed reads 15/04/2026, 04/15/2026 and 15.04.2026.
func (m *moment) readSlashed(text string) int {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		parts = strings.Split(text, ".")
	}
	if len(parts) != 3 || len(parts[2]) != 4 || len(parts[0]) > 2 || len(parts[1]) > 2 {
		return 0
	}
	var v [3]int
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return 0
		}
		v[i] = n
	}
	if v[0] > 31 || v[1] > 31 || v[2] < 1970 || v[2] > 2100 {
		return 0
	}
	m.day, m.month, m.year, m.swapped = v[0], v[1], v[2], true
	return 1
}

// clockAt reads a time of day into m, with its zone and am or pm where they are in the same word or the next.
func (s *scanner) clockAt(i int, m *moment) int {
	w := s.at(i)
	switch w.low {
	case "noon", "midday":
		m.setHour(12)
		return 1
	case "midnight":
		m.setHour(0)
		return 1
	}
	if w.text == "" || !asciiDigit(w.text[0]) {
		return 0
	}
	if m.readClock(w.text) {
		if w.ends() {
			return 1
		}
		return 1 + m.meridiem(s.at(i+1).low)
	}
	// 2 pm, 2pm, 12 UTC
	digits := strings.TrimRight(w.low, "apm.")
	h, err := strconv.Atoi(digits)
	if err != nil || len(digits) > 2 || h > 23 {
		return 0
	}
	if digits != w.low {
		m.setHour(h)
		if m.meridiem(w.low[len(digits):]) > 0 {
			return 1
		}
	} else if !w.ends() {
		if m.setHour(h); m.meridiem(s.at(i+1).low) > 0 {
			return 2
		}
		if _, ok := zoneOffsets[s.at(i+1).text]; ok && s.at(i+1).text != "Z" && (s.at(i-1).low == "at" || s.at(i-1).low == "around" || s.at(i-1).low == "about") {
			return 1
		}
	}
	m.clock, m.seconds, m.accuracy = false, 0, 0
	return 0
}

func (m *moment) setHour(h int) { m.clock, m.seconds, m.accuracy = true, float64(h)*hour, time.Hour }

func (m *moment) meridiem(word string) int {
	switch strings.Trim(strings.ReplaceAll(word, ".", ""), " ") {
	case "am":
		if m.seconds >= 12*hour {
			m.seconds -= 12 * hour
		}
		return 1
	case "pm":
		if m.seconds < 12*hour {
			m.seconds += 12 * hour
		}
		return 1
	}
	return 0
}

// readClock reads 12:08, 12:08:16.5, 12:08:16Z, 12:08:16+02:00, 2:08pm, whole.
func (m *moment) readClock(text string) bool {
	fields := strings.SplitN(text, ":", 3)
	if len(fields) < 2 || len(fields[0]) == 0 || len(fields[0]) > 2 || len(fields[1]) < 2 {
		return false
	}
	h, err1 := strconv.Atoi(fields[0])
	mins, err2 := strconv.Atoi(fields[1][:2])
	if err1 != nil || err2 != nil || h > 24 || mins > 59 || h < 0 || mins < 0 {
		return false
	}
	rest, seconds, accuracy := fields[1][2:], 0.0, time.Minute
	if len(fields) == 3 && rest == "" {
		end := 0
		for end < len(fields[2]) && (asciiDigit(fields[2][end]) || fields[2][end] == '.' && end == 2) {
			end++
		}
		v, err := strconv.ParseFloat(fields[2][:end], 64)
		if err != nil || end < 2 || v >= 61 {
			return false
		}
		seconds, accuracy, rest = v, time.Second, fields[2][end:]
	} else if len(fields) == 3 {
		rest += ":" + fields[2]
	}
	zone := (*time.Location)(nil)
	at := moment{seconds: float64(h)*hour + float64(mins)*minute + seconds}
	if rest != "" && at.meridiem(strings.ToLower(rest)) == 0 {
		if zone = parseZone(strings.ToUpper(rest)); zone == nil {
			return false
		}
	}
	m.clock, m.seconds, m.accuracy, m.zone = true, at.seconds, accuracy, zone
	return true
}
